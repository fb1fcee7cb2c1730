import { describe, expect, it } from "vitest";
import { Experiment } from "../conformance/experiment.js";
import { caseStream, fillTensor } from "../conformance/fill.js";
import { Trial, tensorOf } from "../conformance/trial.js";
import { integers, normal } from "../ops/caseInputs.js";
import type { CaseInput } from "../ops/opCase.js";
import { exact } from "../ops/tolerances.js";
import type { UnaryFunction } from "../ops/unary.js";
import { reference } from "../reference/index.js";
import type { TensorData } from "../tensor.js";
import { differentiate, type GraphValue, poolBeforeActivation } from "./index.js";

const window = { poolSize: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
const overlapping = { poolSize: [3, 3], strides: [2, 2], padding: [0, 1, 0, 1], dilation: [1, 1] } as const;

interface Setting {
  readonly activation: { readonly function: UnaryFunction; readonly alpha: number };
  readonly images?: CaseInput;
  readonly attributes?: typeof window | typeof overlapping;
}

/** x -> f -> max-pool, with the gradient of x. */
class PooledActivation {
  readonly experiment: Experiment = new Experiment({ fused: false });
  readonly x: GraphValue;
  readonly bent: GraphValue;
  readonly pooled: GraphValue;

  constructor({ activation, images = normal([2, 6, 8, 3]), attributes = window }: Setting) {
    this.x = this.#place("x", images);
    this.bent = this.experiment.graph.apply("unary", [this.x], activation)[0]!;
    this.pooled = this.experiment.graph.apply("maxPool2d", [this.bent], attributes)[0]!;
  }

  get ops(): string[] {
    return this.experiment.graph.operations.map(({ op }) => op);
  }

  /** Output and gradient as the reference computes them. */
  async run(): Promise<TensorData[]> {
    const { experiment, x, pooled } = this;
    const seeds = new Map([[pooled.id, this.#place("seed", normal(pooled.shape))]]);
    const gradient = differentiate(experiment.graph, { seeds, wanted: [x] }).get(x.id)!;
    experiment.output("output", pooled, exact);
    experiment.output("gradient", gradient, exact);
    const trial = await Trial.open(await reference(), experiment);
    trial.prepare(0xff);
    await trial.run();
    const contents = await trial.contents();
    // A gradient of -0 is as good as one of 0.
    return experiment.tensors
      .filter(({ tolerance }) => tolerance)
      .map((tensor) => tensorOf(tensor, contents).map((value) => value + 0));
  }

  #place(label: string, input: CaseInput): GraphValue {
    return this.experiment.input(label, input, () => fillTensor(input, caseStream(`pooled ${label}`, 0)));
  }
}

describe("poolBeforeActivation", () => {
  it.each([
    { activation: { function: "relu", alpha: 0 } },
    { activation: { function: "relu", alpha: 0 }, attributes: overlapping },
    { activation: { function: "relu", alpha: 0 }, images: integers([2, 6, 8, 3], -2, 2) },
    { activation: { function: "relu", alpha: 0 }, images: integers([2, 6, 8, 3], -3, -1) },
    { activation: { function: "relu6", alpha: 0 }, images: integers([2, 6, 8, 3], 4, 9) },
    { activation: { function: "leakyRelu", alpha: 0.2 } },
    { activation: { function: "leakyRelu", alpha: 0 }, images: integers([2, 6, 8, 3], -2, 2) },
    { activation: { function: "elu", alpha: 1 }, attributes: overlapping },
    { activation: { function: "tanh", alpha: 0 } },
    { activation: { function: "sigmoid", alpha: 0 } },
    { activation: { function: "softplus", alpha: 0 } },
    { activation: { function: "softsign", alpha: 0 } },
    { activation: { function: "hardSigmoid", alpha: 0 }, images: integers([2, 6, 8, 3], -4, 4) },
  ] satisfies Setting[])(
    "changes neither output nor gradient: $activation.function $images.fill.kind",
    async (setting) => {
      const plain = new PooledActivation(setting);
      const rewritten = new PooledActivation(setting);
      poolBeforeActivation(rewritten.experiment.graph);
      expect(plain.ops).toEqual(["unary", "maxPool2d"]);
      expect(rewritten.ops).toEqual(["maxPool2d", "unary"]);
      expect(await rewritten.run()).toEqual(await plain.run());
    },
  );

  it("leaves functions alone that do not always grow", () => {
    const bent = ["hardSilu", "silu", "gelu", "geluTanh", "abs", "square", "huber"] as const;
    for (const name of ["log", "logit", ...bent] as const) {
      const graph = new PooledActivation({ activation: { function: name, alpha: 1e-7 } });
      poolBeforeActivation(graph.experiment.graph);
      expect(graph.ops).toEqual(["unary", "maxPool2d"]);
    }
    const falling = new PooledActivation({ activation: { function: "leakyRelu", alpha: -0.5 } });
    poolBeforeActivation(falling.experiment.graph);
    expect(falling.ops).toEqual(["unary", "maxPool2d"]);
  });

  it("leaves an activation alone that something else needs", () => {
    const read = new PooledActivation({ activation: { function: "relu", alpha: 0 } });
    read.experiment.graph.apply("reshape", [read.bent], { shape: [2, 144] });
    poolBeforeActivation(read.experiment.graph);
    expect(read.ops).toEqual(["unary", "maxPool2d", "reshape"]);

    const stored = new PooledActivation({ activation: { function: "relu", alpha: 0 } });
    stored.experiment.output("activation", stored.bent, exact);
    poolBeforeActivation(stored.experiment.graph);
    expect(stored.ops).toEqual(["unary", "maxPool2d"]);
  });

  it("goes through several poolings, and keeps the last output's identity for its readers", () => {
    const graph = new PooledActivation({ activation: { function: "relu", alpha: 0 } });
    const [again] = graph.experiment.graph.apply("maxPool2d", [graph.pooled], { ...window, strides: [1, 1] });
    const [flat] = graph.experiment.graph.apply("reshape", [again!], { shape: [2, 2 * 3 * 3] });
    poolBeforeActivation(graph.experiment.graph);
    expect(graph.ops).toEqual(["maxPool2d", "maxPool2d", "unary", "reshape"]);
    const unary = graph.experiment.graph.operations[2]!;
    expect(unary.outputs[0]).toBe(again);
    expect(flat!.shape).toEqual([2, 18]);
  });
});
