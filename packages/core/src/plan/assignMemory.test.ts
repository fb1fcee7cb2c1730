import { beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { validatePlan } from "../backend/validatePlan.js";
import { Experiment } from "../conformance/experiment.js";
import { caseStream, fillTensor } from "../conformance/fill.js";
import { normal } from "../ops/caseInputs.js";
import { type Shape, sizeOf, type Value } from "../ops/definition.js";
import { exact } from "../ops/tolerances.js";
import { RandomStream } from "../random/index.js";
import { reference } from "../reference/index.js";
import type { TensorData } from "../tensor.js";
import { differentiate, fusedNames, Graph, lower, type OpInstance, type Plan, packSteps } from "./index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});

/** Draws a graph: a growing set of values, each next op over some of them, some of the results stored. */
class RandomGraph {
  readonly experiment: Experiment = new Experiment({ fused: true });
  readonly results: Value[] = [];
  readonly #stream: RandomStream;
  readonly #values: Value[] = [];
  /** The tensor whose memory a reshape is. */
  readonly #sources: Map<number, Value> = new Map();
  #inputs = 0;

  constructor(seed: number) {
    this.#stream = new RandomStream(seed, "test", 1);
    const [rows, columns] = [1 + this.#below(5), 1 + this.#below(40)];
    this.#values.push(this.#input([rows, columns]), this.#input([rows, columns]), this.#input([2, 4, 4, columns]));
    const length = 4 + this.#below(20);
    for (let step = 0; step < length; step++) {
      this.#grow();
    }
    this.#train(this.#values.at(-1)!);
  }

  /** A dense layer behind everything, and its gradients. */
  #train(last: Value): void {
    const { graph } = this.experiment;
    const columns = last.shape[last.shape.length - 1]!;
    const x = this.#reshape(last, [sizeOf(last.shape) / columns, columns]);
    const kernel = this.#input([columns, 3]);
    const [product] = graph.apply("matMul", [x, kernel], { transposeA: false, transposeB: false });
    const [output] = graph.apply("unary", [product!], { function: "tanh", alpha: 0 });
    const seeds = new Map([[output!.id, this.#input(output!.shape)]]);
    const gradients = differentiate(graph, { seeds, wanted: [x, kernel] });
    this.#store(gradients.get(kernel.id)!);
    this.#store(graph.apply("softmax", [gradients.get(x.id)!], {})[0]!);
    this.#store(output!);
  }

  #below(limit: number): number {
    return this.#stream.integerBelow(limit);
  }

  /** One of the values, the late ones more often. */
  #pick(): Value {
    const back = Math.min(this.#below(this.#values.length), this.#below(this.#values.length));
    return this.#values[this.#values.length - 1 - back]!;
  }

  #input(shape: Shape): Value {
    const label = `input ${this.#inputs++}`;
    const input = normal(shape);
    return this.experiment.input(label, input, () => fillTensor(input, caseStream(label, 0)));
  }

  #store(value: Value): void {
    const source = this.#sources.get(value.id) ?? value;
    if (this.experiment.graph.values[source.id]!.placement === undefined) {
      this.experiment.output(`output ${source.id}`, source, exact);
    }
  }

  #reshape(value: Value, shape: Shape): Value {
    const [reshaped] = this.experiment.graph.apply("reshape", [value], { shape });
    this.#sources.set(reshaped!.id, this.#sources.get(value.id) ?? value);
    return reshaped!;
  }

  #grow(): void {
    const { graph } = this.experiment;
    const x = this.#pick();
    const columns = x.shape[x.shape.length - 1]!;
    const rows = sizeOf(x.shape) / columns;
    const next = (): Value => {
      switch (this.#below(9)) {
        case 0:
          return graph.apply("unary", [x], { function: "tanh", alpha: 0 })[0]!;
        case 1:
          return graph.apply("biasAdd", [x, this.#input([columns])], {})[0]!;
        case 2:
          return graph.apply("add", [x, graph.apply("softmax", [x], {})[0]!], {})[0]!;
        case 3:
          return this.#reshape(x, x.shape.length === 2 ? [rows, 1, 1, columns] : [rows, columns]);
        case 4: {
          const flat = this.#reshape(x, [rows, columns]);
          const kernel = this.#input([columns, 1 + this.#below(9)]);
          return graph.apply("matMul", [flat, kernel], { transposeA: false, transposeB: false })[0]!;
        }
        case 5: {
          const same = this.#values.filter(({ shape }) => String(shape) === String(x.shape));
          return graph.apply("add", [x, same[this.#below(same.length)]!], {})[0]!;
        }
        case 6: {
          const images = this.#reshape(x, [1, rows, 1, columns]);
          const kernel = this.#input([1, 1, columns, 1 + this.#below(5)]);
          const unit = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
          return graph.apply("conv2d", [images, kernel], unit)[0]!;
        }
        case 7:
          this.results.push(graph.apply("meanSquaredError", [x, this.#pickLike(x)], {})[0]!);
          return x;
        default:
          // A row of the step's output, kept in the middle of the graph.
          this.#store(x);
          return graph.apply("unary", [x], { function: "sigmoid", alpha: 0 })[0]!;
      }
    };
    this.#values.push(next());
  }

  #pickLike({ shape }: Value): Value {
    const same = this.#values.filter((value) => String(value.shape) === String(shape));
    return same[this.#below(same.length)]!;
  }
}

/** What a plan stores and reports, started with an arena full of NaN. */
async function run(plan: Plan, { tensors }: Experiment): Promise<{ results: Float32Array; stored?: TensorData }> {
  const buffers = new Map(Object.entries(plan.buffers).map(([name, spec]) => [name, backend.createBuffer(name, spec)]));
  for (const { buffer, offset, data } of tensors) {
    if (data) {
      buffers.get(buffer)?.write(data(), offset);
    }
  }
  const arena = backend.createBuffer("arena", { dtype: "uint8", length: Math.max(1, plan.arenaBytes) });
  arena.write(new Uint8Array(arena.length).fill(0xff));
  const executable = await backend.compile(plan, { ...Object.fromEntries(buffers), arena });
  const step = { iteration: 0, batchStart: 0, learningRate: 0, stepSize: 0, seed: [0, 0] } as const;
  const results = await executable.run(packSteps([step]));
  const outputs = buffers.get("outputs.float32");
  const seen = { results, ...(outputs ? { stored: await outputs.read() } : {}) };
  executable.dispose();
  for (const buffer of [arena, ...buffers.values()]) {
    buffer.dispose();
  }
  return seen;
}

describe("memory of random graphs", () => {
  // The reference runs the parts of fused ops one by one.
  const fusing = { fusions: fusedNames, supports: () => true as const };

  const inPlace = (op: OpInstance) => backend.inPlace!(op);

  it("is reused without changing a number, fused or not, with and without workspaces, in place or not", async () => {
    let reused = 0;
    let saved = 0;
    let fused = 0;
    for (let seed = 0; seed < 80; seed++) {
      const { experiment, results } = new RandomGraph(seed);
      const options = { mode: "test", batchSize: 1, results } as const;
      const plain = lower(experiment.graph, options);
      const workspaceBytes = ({ op }: { op: string }) => (op === "unary" ? 0 : 300 * op.length);
      const plans = [
        plain,
        lower(experiment.graph, { ...options, target: fusing }),
        lower(experiment.graph, { ...options, target: { ...fusing, workspaceBytes } }),
        lower(experiment.graph, { ...options, target: { ...fusing, fusions: [], inPlace } }),
        lower(experiment.graph, { ...options, target: { ...fusing, fusions: [], inPlace, workspaceBytes } }),
      ];
      // What lives until the end shares its memory with nothing: the numbers as they must be.
      const computed = experiment.graph.operations.flatMap(({ outputs }) => outputs);
      const spacious = lower(experiment.graph, { ...options, results: [...results, ...computed] });
      const expected = await run({ ...spacious, results: plain.results }, experiment);
      expect([...expected.results, ...(expected.stored ?? [])]).not.toContain(Number.NaN);
      for (const plan of plans) {
        validatePlan(plan);
        expect(await run(plan, experiment), `seed ${seed}`).toEqual(expected);
      }
      reused += spacious.arenaBytes - plain.arenaBytes;
      saved += plain.arenaBytes - plans[3]!.arenaBytes;
      expect(plans[3]!.arenaBytes).toBeLessThanOrEqual(plain.arenaBytes * 1.25);
      fused += plans[1]!.ops.filter(({ parts }) => parts).length;
    }
    expect(reused).toBeGreaterThan(0);
    expect(saved).toBeGreaterThan(0);
    expect(fused).toBeGreaterThan(100);
  });

  it("has a workspace for each op that asks for one, apart from its tensors", () => {
    const { experiment, results } = new RandomGraph(3);
    const target = { fusions: [], supports: () => true as const, workspaceBytes: () => 1000 };
    const plan = lower(experiment.graph, { mode: "test", batchSize: 1, results, target });
    validatePlan(plan);
    const byId = new Map(plan.values.map((value) => [value.id, value]));
    for (const { workspace } of plan.ops) {
      expect(byId.get(workspace!)).toMatchObject({
        dtype: "uint8",
        shape: [1000],
        buffer: "arena",
        label: "workspace",
      });
    }
  });

  it("notices numbers that are overwritten too early", async () => {
    const { experiment, results } = new RandomGraph(5);
    const plan = lower(experiment.graph, { mode: "test", batchSize: 1, results });
    const squeezed = {
      ...plan,
      values: plan.values.map((value) => (value.buffer === "arena" ? { ...value, byteOffset: 0 } : value)),
    };
    expect(() => validatePlan(squeezed)).toThrow(/plan: op \d+/);
  });
});

describe("an output in the place of an input", () => {
  const target = { fusions: [], supports: () => true as const, inPlace: () => [{ input: 0, output: 0 }] };
  const relu = { function: "relu", alpha: 0 } as const;

  function draft(): { graph: Graph; x: Value; store: (value: Value) => void } {
    const graph = new Graph();
    graph.declareBuffer("in", { dtype: "float32", length: 64 });
    graph.declareBuffer("out", { dtype: "float32", length: 256 });
    let offset = 0;
    const store = (value: Value): void => {
      graph.bind(value, { buffer: "out", offset });
      offset += 64;
    };
    return { graph, x: graph.place("x", { shape: [8, 8], dtype: "float32" }, "in"), store };
  }

  function lowered(graph: Graph): Plan {
    const plan = lower(graph, { mode: "test", batchSize: 1, results: [], target });
    validatePlan(plan);
    return plan;
  }

  it("goes on through a chain: one block for all of it", () => {
    const { graph, x, store } = draft();
    let y: Value = x;
    for (let step = 0; step < 4; step++) {
      y = graph.apply("unary", [y], relu)[0]!;
    }
    store(graph.apply("softmax", [y], {})[0]!);
    const plan = lowered(graph);
    expect(plan.arenaBytes).toBe(256);
    // What lies outside the arena stays where it is.
    expect(plan.ops.map(({ inPlace = [] }) => inPlace.length)).toEqual([0, 1, 1, 1, 0]);
  });

  it("is refused where the input is read later, or twice by the op itself", () => {
    const { graph, x, store } = draft();
    const [first] = graph.apply("unary", [x], relu);
    const [second] = graph.apply("unary", [first!], relu);
    const [sum] = graph.apply("add", [first!, second!], {});
    const [doubled] = graph.apply("add", [sum!, sum!], {});
    store(graph.apply("softmax", [doubled!], {})[0]!);
    const plan = lowered(graph);
    expect(plan.ops.map(({ inPlace = [] }) => inPlace.length)).toEqual([0, 0, 1, 0, 0]);
    expect(plan.arenaBytes).toBe(512);
  });

  it("is no excuse for a plan that says nothing of it", () => {
    const { graph, x, store } = draft();
    const [first] = graph.apply("unary", [x], relu);
    store(graph.apply("softmax", [graph.apply("unary", [first!], relu)[0]!], {})[0]!);
    const { ops, ...plan } = lowered(graph);
    const silent = { ...plan, ops: ops.map(({ inPlace: _, ...op }) => op) };
    expect(() => validatePlan(silent)).toThrow("writes unary.output over its own input unary.output");
  });
});
