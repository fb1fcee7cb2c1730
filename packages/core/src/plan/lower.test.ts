import { describe, expect, it } from "vitest";
import { validatePlan } from "../backend/validatePlan.js";
import { PlanError } from "../errors.js";
import type { Shape, Value } from "../ops/definition.js";
import { formatPlan, Graph, lower, type Plan } from "./index.js";

const product = { transposeA: false, transposeB: false };
const relu = { function: "relu", alpha: 0 } as const;

/** A graph with one buffer a tensor. */
class Draft extends Graph {
  input(label: string, shape: Shape, dtype: "float32" | "int32" = "float32"): Value {
    this.declareBuffer(label, { dtype, length: shape.reduce((size, length) => size * length, 1) });
    return this.place(label, { shape, dtype }, label);
  }

  store(label: string, value: Value): void {
    this.declareBuffer(label, { dtype: value.dtype, length: value.shape.reduce((size, length) => size * length, 1) });
    this.bind(value, { buffer: label, offset: 0 });
  }

  plan(results: readonly Value[] = []): Plan {
    const plan = lower(this, { mode: "test", batchSize: 1, results });
    validatePlan(plan);
    return plan;
  }
}

const names = ({ ops }: Plan): string[] => ops.map(({ op }) => op);
const find = (plan: Plan, label: string) => plan.values.find((value) => value.label === label);

describe("dead ops", () => {
  it("go, with what only they read and the buffers of that", () => {
    const graph = new Draft();
    const [x, unused] = [graph.input("x", [2, 3]), graph.input("unused", [2, 3])];
    const [bent] = graph.apply("unary", [x], relu);
    graph.apply("add", [bent!, unused], {});
    graph.store("output", graph.apply("softmax", [x], {})[0]!);
    const plan = graph.plan();
    expect(names(plan)).toEqual(["softmax"]);
    expect(Object.keys(plan.buffers)).toEqual(["x", "output"]);
    expect(plan.arenaBytes).toBe(0);
  });

  it("are not those that a result depends on", () => {
    const graph = new Draft();
    const [x, y] = [graph.input("x", [2, 3]), graph.input("y", [2, 3])];
    const [bent] = graph.apply("unary", [x], relu);
    const [loss] = graph.apply("meanSquaredError", [bent!, y], {});
    expect(names(graph.plan())).toEqual([]);
    const plan = graph.plan([loss!]);
    expect(names(plan)).toEqual(["unary", "meanSquaredError"]);
    expect(plan.results).toEqual([loss!.id]);
  });

  it("are not those that update something, nor those whose output has a place outside the arena", () => {
    const graph = new Draft();
    graph.declareBuffer("parameters", { dtype: "float32", length: 64 });
    graph.declareBuffer("gradients", { dtype: "float32", length: 64 });
    const [x, dy] = [graph.input("x", [4, 3]), graph.input("dy", [4, 2])];
    const [gradient] = graph.apply("matMul", [x, dy], { transposeA: true, transposeB: false });
    graph.bind(gradient!, { buffer: "gradients", offset: 0 });
    // The optimizer reads the gradients by their place, not by their names.
    const flat = (buffer: string) => graph.place(buffer, { shape: [64], dtype: "float32" }, buffer);
    graph.apply("sgdUpdate", [flat("parameters"), flat("gradients")], { momentum: 0, nesterov: false });
    const plan = graph.plan();
    expect(names(plan)).toEqual(["matMul", "sgdUpdate"]);
    expect(plan.ops[1]!.updates).toEqual([plan.ops[1]!.inputs[0]]);
  });

  it("are not those that a placed reshape of them stores", () => {
    const graph = new Draft();
    const [bent] = graph.apply("unary", [graph.input("x", [2, 6])], relu);
    graph.store("output", graph.apply("reshape", [bent!], { shape: [3, 4] })[0]!);
    expect(names(graph.plan())).toEqual(["unary"]);
  });
});

describe("reshapes", () => {
  it("are second names for the same memory", () => {
    const graph = new Draft();
    const [bent] = graph.apply("unary", [graph.input("x", [2, 6])], relu);
    const [wide] = graph.apply("reshape", [bent!], { shape: [4, 3] });
    const [wider] = graph.apply("reshape", [wide!], { shape: [12, 1] });
    graph.store("output", graph.apply("softmax", [wider!], {})[0]!);
    graph.store("other", graph.apply("softmax", [bent!], {})[0]!);
    const plan = graph.plan();
    expect(names(plan)).toEqual(["unary", "softmax", "softmax"]);
    const [first, second] = [find(plan, "unary.output")!, find(plan, "reshape.output")!];
    expect(second).toMatchObject({ shape: [12, 1], buffer: "arena", byteOffset: first.byteOffset });
    expect(plan.arenaBytes).toBe(256);
  });

  it("keep the memory alive until their last reader", () => {
    const graph = new Draft();
    const [bent] = graph.apply("unary", [graph.input("x", [8, 8])], relu);
    const [wide] = graph.apply("reshape", [bent!], { shape: [4, 16] });
    const [other] = graph.apply("softmax", [bent!], {});
    const [third] = graph.apply("softmax", [other!], {});
    graph.store("third", third!);
    graph.store("output", graph.apply("softmax", [wide!], {})[0]!);
    // Both must be there while the second softmax runs.
    expect(graph.plan().arenaBytes).toBe(512);
  });

  it("of placed tensors have their place, wherever the place was given", () => {
    const graph = new Draft();
    const x = graph.input("x", [2, 6]);
    const [flat] = graph.apply("reshape", [x], { shape: [12, 1] });
    const [soft] = graph.apply("softmax", [flat!], {});
    const [shaped] = graph.apply("reshape", [soft!], { shape: [3, 4] });
    graph.store("output", shaped!);
    const plan = graph.plan();
    expect(find(plan, "reshape.output")).toMatchObject({ shape: [12, 1], buffer: "x", byteOffset: 0 });
    expect(find(plan, "softmax.output")).toMatchObject({ shape: [12, 1], buffer: "output", byteOffset: 0 });
  });

  it("cannot have a place that is not their tensor's", () => {
    const graph = new Draft();
    const [flat] = graph.apply("reshape", [graph.input("x", [2, 6])], { shape: [12] });
    graph.store("output", flat!);
    expect(() => graph.plan()).toThrow(PlanError);
    expect(() => graph.plan()).toThrow(/reshape.output has its place in "output" at 0, but is the same memory as x/);
  });

  it("give results their owner's id", () => {
    const graph = new Draft();
    const [sum] = graph.apply("matMul", [graph.input("a", [1, 3]), graph.input("b", [3, 1])], product);
    const [scalar] = graph.apply("reshape", [sum!], { shape: [1] });
    expect(graph.plan([scalar!]).results).toEqual([sum!.id]);
  });

  it("let a graph be lowered again", () => {
    const graph = new Draft();
    const [bent] = graph.apply("unary", [graph.input("x", [2, 6])], relu);
    graph.store("output", graph.apply("reshape", [bent!], { shape: [3, 4] })[0]!);
    expect(graph.plan()).toEqual(graph.plan());
  });
});

describe("plans", () => {
  /** Two dense layers, their loss reported. */
  function network(): { graph: Draft; loss: Value } {
    const graph = new Draft();
    const [x, labels] = [graph.input("x", [64, 784]), graph.input("labels", [64], "int32")];
    const dense = (label: string, input: Value, units: number): Value =>
      graph.labelled(label, () => {
        const [y] = graph.apply("matMul", [input, graph.input(`${label}/kernel`, [input.shape[1]!, units])], product);
        return graph.apply("biasAdd", [y!, graph.input(`${label}/bias`, [units])], {})[0]!;
      });
    const hidden = graph.labelled("relu", () => graph.apply("unary", [dense("dense", x, 32)], relu)[0]!);
    const logits = dense("dense_1", hidden, 10);
    const [loss] = graph.labelled("loss", () =>
      graph.apply("softmaxCrossEntropy", [logits, labels], { labels: "sparse" }),
    );
    return { graph, loss: loss! };
  }

  it("are plain data", () => {
    const { graph, loss } = network();
    const plan = graph.plan([loss]);
    expect(JSON.parse(JSON.stringify(plan))).toEqual(plan);
  });

  it("count operations and bytes", () => {
    const { graph, loss } = network();
    const [first, bias] = graph.plan([loss]).ops;
    expect(first).toMatchObject({ op: "matMul", label: "dense", flops: 2 * 64 * 784 * 32 });
    expect(first!.bytes).toBe(4 * (64 * 784 + 784 * 32 + 64 * 32));
    expect(bias!.bytes).toBe(4 * (64 * 32 + 32 + 64 * 32));
  });

  it("print as a table", () => {
    const { graph, loss } = network();
    const plan = graph.plan([loss]);
    const text = formatPlan(plan);
    const lines = text.split("\n");
    expect(lines[0]).toMatch(/^test plan, batch of 1: 6 ops, 3\.\d\d MFLOP, [\d.]+ KB moved, arena [\d.]+ KB$/);
    expect(lines[1]).toMatch(/^# +op +layer +output +place +MFLOP +KB/);
    expect(lines[2]).toMatch(/^0 +matMul +dense +\[64,32\] +arena\+\d+ +3\.21 +302\.0$/);
    expect(lines).toHaveLength(2 + plan.ops.length + 1);
    expect(lines.at(-1)).toContain("labels int32[64]");
  });

  it("print the parts of fused ops", () => {
    const { graph, loss } = network();
    const target = { fusions: ["fusedDense"] as const, supports: () => true as const };
    const text = formatPlan(lower(graph, { mode: "evaluate", batchSize: 64, results: [loss], target }));
    expect(text).toMatch(/^evaluate plan, batch of 64: 3 ops/);
    expect(text).toMatch(/fusedDense .*matMul \+ biasAdd \+ unary/);
  });
});
