import { describe, expect, it } from "vitest";
import { resnet20Cifar } from "../applications/index.js";
import { validatePlan } from "../backend/validatePlan.js";
import type { Shape, Value } from "../ops/definition.js";
import { reference } from "../reference/index.js";
import { differentiate, fusedNames, Graph, lower, type Plan } from "./index.js";

const unit = { strides: [1, 1], padding: [1, 1, 1, 1], dilation: [1, 1] } as const;
const norm = { epsilon: 1e-3, scale: true, center: true } as const;
const relu = { function: "relu", alpha: 0 } as const;
/** A backend with every fused op. */
const everything = { fusions: fusedNames, supports: () => true as const };

/** A graph with one buffer a tensor. */
class Draft extends Graph {
  input(label: string, shape: Shape): Value {
    this.declareBuffer(label, { dtype: "float32", length: shape.reduce((size, length) => size * length, 1) });
    return this.place(label, { shape, dtype: "float32" }, label);
  }

  store(label: string, value: Value): void {
    this.declareBuffer(label, { dtype: value.dtype, length: value.shape.reduce((size, length) => size * length, 1) });
    this.bind(value, { buffer: label, offset: 0 });
  }

  vectors(...labels: string[]): Value[] {
    return labels.map((label) => this.input(label, [4]));
  }

  /** conv2d -> batchNorm, whose statistics go into moving ones. */
  block(x: Value, label: string): { convolved: Value; normalized: Value; kernel: Value } {
    const kernel = this.input(`${label} kernel`, [3, 3, x.shape[3]!, 4]);
    const [convolved] = this.apply("conv2d", [x, kernel], unit);
    const vectors = this.vectors(`${label} gamma`, `${label} beta`);
    const [normalized, ...statistics] = this.apply("batchNorm", [convolved!, ...vectors], norm);
    statistics.forEach((value, index) => {
      this.apply("movingAverage", [this.input(`${label} moving ${index}`, [4]), value], { momentum: 0.9 });
    });
    return { convolved: convolved!, normalized: normalized!, kernel };
  }

  plan(target = everything): Plan {
    const plan = lower(this, { mode: "test", batchSize: 1, results: [], target });
    validatePlan(plan);
    return plan;
  }
}

/** `matMul`, or `fusedDense(matMul biasAdd)`. */
function names({ ops }: Plan): string[] {
  return ops.map(({ op, parts }) => (parts ? `${op}(${parts.map((part) => part.op).join(" ")})` : op));
}

const block = "conv2d batchNorm movingAverage movingAverage";

describe("batch normalization behind a convolution", () => {
  it.each(["left", "right"])("is one op with what is added on the %s and the activation", (side) => {
    const graph = new Draft();
    const { normalized } = graph.block(graph.input("x", [2, 5, 5, 3]), "block");
    const other = graph.input("other", [2, 5, 5, 4]);
    const [sum] = graph.apply("add", side === "left" ? [other, normalized] : [normalized, other], {});
    graph.store("output", graph.apply("unary", [sum!], relu)[0]!);
    expect(names(graph.plan())).toEqual([`fusedConv2dBatchNorm(${block} add unary)`]);
  });

  it("still writes the convolution's output where the backward pass reads it", () => {
    const graph = new Draft();
    const { convolved, normalized, kernel } = graph.block(graph.input("x", [2, 5, 5, 3]), "block");
    const [bent] = graph.apply("unary", [normalized], relu);
    const seeds = new Map([[bent!.id, graph.input("seed", bent!.shape)]]);
    graph.store("gradient", differentiate(graph, { seeds, wanted: [kernel] }).get(kernel.id)!);
    const plan = graph.plan();
    expect(names(plan)).toEqual([
      `fusedConv2dBatchNorm(${block} unary)`,
      "fusedBatchNormBackward(unaryBackward batchNormBackwardSums batchNormBackwardInput)",
      "conv2dBackwardFilter",
    ]);
    expect(plan.ops[0]!.outputs).toContain(convolved.id);
    expect(plan.ops[0]!.outputs).not.toContain(normalized.id);
  });

  it("leaves what adds a tensor to itself, and what is read elsewhere, apart", () => {
    const doubled = new Draft();
    const { normalized } = doubled.block(doubled.input("x", [2, 5, 5, 3]), "block");
    doubled.store("output", doubled.apply("add", [normalized, normalized], {})[0]!);
    expect(names(doubled.plan())).toEqual([`fusedConv2dBatchNorm(${block})`, "add"]);

    const read = new Draft();
    const inner = read.block(read.input("x", [2, 5, 5, 3]), "block").normalized;
    const [bent] = read.apply("unary", [inner], relu);
    read.store("output", read.apply("multiply", [bent!, inner], {})[0]!);
    expect(names(read.plan())).toEqual([`fusedConv2dBatchNorm(${block})`, "unary", "multiply"]);
  });

  it("goes without the convolution, and a convolution without it, where the backend has no more", () => {
    const graph = new Draft();
    const { normalized } = graph.block(graph.input("x", [2, 5, 5, 3]), "block");
    graph.store("output", graph.apply("unary", [normalized], relu)[0]!);
    const without = {
      fusions: fusedNames.filter((name) => name !== "fusedConv2dBatchNorm"),
      supports: () => true as const,
    };
    expect(names(graph.plan(without))).toEqual([
      "conv2d",
      "fusedBatchNorm(batchNorm movingAverage movingAverage unary)",
    ]);
  });

  it("takes the sum that a branch of two ends in once", () => {
    const graph = new Draft();
    const x = graph.input("x", [2, 5, 5, 3]);
    const [left, right] = [graph.block(x, "left").normalized, graph.block(x, "right").normalized];
    graph.store("output", graph.apply("add", [left, right], {})[0]!);
    const fused = names(graph.plan());
    expect(fused.toSorted()).toEqual(
      [`fusedConv2dBatchNorm(${block} add)`, `fusedConv2dBatchNorm(${block})`].toSorted(),
    );
    expect(fused[1]).toContain("add");
  });
});

describe("the gradient of a batch normalization", () => {
  it("starts with the sum of the gradients of two uses, and keeps the gradient that a shortcut reads", () => {
    const graph = new Draft();
    const [x, other] = [graph.input("x", [2, 5, 5, 3]), graph.input("other", [2, 5, 5, 4])];
    const { normalized, kernel } = graph.block(x, "block");
    const [sum] = graph.apply("add", [other, normalized], {});
    const [bent] = graph.apply("unary", [sum!], relu);
    const uses = ["a", "b"].map((side) => graph.apply("multiply", [bent!, graph.input(side, bent!.shape)], {})[0]!);
    const seeds = new Map(uses.map((use, index) => [use.id, graph.input(`seed ${index}`, use.shape)]));
    const gradients = differentiate(graph, { seeds, wanted: [kernel, other] });
    graph.store("kernel gradient", gradients.get(kernel.id)!);
    graph.store("other gradient", gradients.get(other.id)!);
    const plan = graph.plan();
    const backward = plan.ops.find(({ op }) => op === "fusedBatchNormBackward")!;
    expect(backward.parts!.map(({ op }) => op)).toEqual([
      "add",
      "unaryBackward",
      "batchNormBackwardSums",
      "batchNormBackwardInput",
    ]);
    expect(backward.outputs).toContain(gradients.get(other.id)!.id);
    expect(backward.outputs).not.toContain(backward.parts![0]!.outputs[0]);
  });

  it("is cut shorter from the front until the backend takes it", () => {
    const graph = new Draft();
    const { normalized, kernel } = graph.block(graph.input("x", [2, 5, 5, 3]), "block");
    const [bent] = graph.apply("unary", [normalized], relu);
    const seeds = new Map([[bent!.id, graph.input("seed", bent!.shape)]]);
    graph.store("gradient", differentiate(graph, { seeds, wanted: [kernel] }).get(kernel.id)!);
    const plan = lower(graph, {
      mode: "test",
      batchSize: 1,
      results: [],
      target: {
        fusions: fusedNames,
        supports: ({ parts = [] }) => parts.every(({ op }) => op !== "unaryBackward") || "no",
      },
    });
    expect(names(plan).slice(-3)).toEqual([
      "unaryBackward",
      "fusedBatchNormBackward(batchNormBackwardSums batchNormBackwardInput)",
      "conv2dBackwardFilter",
    ]);
  });
});

describe("resnet20Cifar", () => {
  /** How often each op stands in a plan on a backend with every fused op. */
  async function counts(mode: "train" | "predict"): Promise<Record<string, number>> {
    const backend = Object.assign(await reference(), { fusions: fusedNames, supports: () => true as const });
    const model = resnet20Cifar();
    model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    const found: Record<string, number> = {};
    for (const { op } of model.plan({ mode, batchSize: 8, print: () => {} }).ops) {
      found[op] = (found[op] ?? 0) + 1;
    }
    return found;
  }

  it("trains each of its 19 convolutions with its normalization as one op forward and two backward", async () => {
    expect(await counts("train")).toEqual({
      gatherRows: 2,
      fusedConv2dBatchNorm: 19,
      fusedBatchNormBackward: 19,
      fusedConv2dBackward: 18,
      conv2dBackwardFilter: 1,
      // Of the two shortcuts that change shape.
      averagePool2d: 3,
      averagePool2dBackward: 3,
      pad: 4,
      fusedDense: 1,
      fusedDenseBackward: 1,
      fusedSoftmaxLoss: 1,
      adamUpdate: 1,
    });
  });

  it("predicts with one op a convolution", async () => {
    expect(await counts("predict")).toEqual({
      gatherRows: 1,
      fusedConv2d: 19,
      averagePool2d: 3,
      pad: 2,
      fusedDense: 1,
      softmax: 1,
      storeRows: 1,
    });
  });
});
