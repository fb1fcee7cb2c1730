import { describe, expect, it } from "vitest";
import { PlanError } from "../errors.js";
import type { Shape, Value } from "../ops/definition.js";
import { differentiate, Graph, lower } from "./index.js";

const product = { transposeA: false, transposeB: false };

/** A graph with one buffer a tensor. */
class Draft extends Graph {
  input(label: string, shape: Shape, dtype: "float32" | "int32" = "float32"): Value {
    this.declareBuffer(label, { dtype, length: shape.reduce((size, length) => size * length, 1) });
    return this.place(label, { shape, dtype }, label);
  }

  /** The ops that were appended by `append`, by name. */
  appended(append: () => void): string[] {
    const before = this.operations.length;
    append();
    return this.operations.slice(before).map(({ op }) => op);
  }
}

/** x -> dense 1 -> relu -> dense 2 -> softmax loss. */
function twoLayers() {
  const graph = new Draft();
  const [x, labels] = [graph.input("x", [4, 5]), graph.input("labels", [4], "int32")];
  const [first, bias, second] = [graph.input("first", [5, 3]), graph.input("bias", [3]), graph.input("second", [3, 2])];
  const [hidden] = graph.apply("matMul", [x, first], product);
  const [shifted] = graph.apply("biasAdd", [hidden!, bias], {});
  const [bent] = graph.apply("unary", [shifted!], { function: "relu", alpha: 0 });
  const [logits] = graph.apply("matMul", [bent!, second], product);
  const [loss] = graph.apply("softmaxCrossEntropy", [logits!, labels], { labels: "sparse" });
  return { graph, x, labels, first, bias, second, bent: bent!, logits: logits!, loss: loss! };
}

describe("differentiate", () => {
  it("appends no op for the data", () => {
    const { graph, first, bias, second, loss } = twoLayers();
    const ops = graph.appended(() => differentiate(graph, { loss, wanted: [first, bias, second] }));
    // One product for each kernel and one to get past the second layer; none for x.
    expect(ops).toEqual([
      "softmaxCrossEntropyBackward",
      "matMul",
      "matMul",
      "unaryBackward",
      "biasAddBackward",
      "matMul",
    ]);
  });

  it("appends no op behind the last parameter that is trained", () => {
    const { graph, second, loss } = twoLayers();
    const ops = graph.appended(() => differentiate(graph, { loss, wanted: [second] }));
    expect(ops).toEqual(["softmaxCrossEntropyBackward", "matMul"]);
  });

  it("goes through frozen layers to those before them, without gradients of their own", () => {
    const { graph, first, loss } = twoLayers();
    const ops = graph.appended(() => differentiate(graph, { loss, wanted: [first] }));
    expect(ops).toEqual(["softmaxCrossEntropyBackward", "matMul", "unaryBackward", "matMul"]);
  });

  it("gives every gradient its tensor's shape, and the loss its scale", () => {
    const { graph, first, bias, second, x, loss } = twoLayers();
    const wanted = [x, first, bias, second];
    const gradients = differentiate(graph, { loss, lossScale: 0.25, wanted });
    expect(wanted.map(({ id }) => gradients.get(id)!.shape)).toEqual(wanted.map(({ shape }) => shape));
    const backward = graph.operations.find(({ op }) => op === "softmaxCrossEntropyBackward")!;
    expect(backward.attributes).toEqual({ labels: "sparse", scale: 0.25 });
  });

  it("ignores branches that the loss does not depend on", () => {
    const { graph, bent, first, loss } = twoLayers();
    graph.apply("softmax", [bent], {});
    const ops = graph.appended(() => differentiate(graph, { loss, wanted: [first] }));
    expect(ops).not.toContain("softmaxBackward");
  });

  it("adds up the gradients of a tensor that is used more than once", () => {
    const graph = new Draft();
    const [x, seed] = [graph.input("x", [3, 3]), graph.input("seed", [3, 3])];
    const [square] = graph.apply("matMul", [x, x], product);
    const [total] = graph.apply("add", [square!, x], {});
    const ops = graph.appended(() => {
      const gradients = differentiate(graph, { seeds: new Map([[total!.id, seed]]), wanted: [x] });
      expect(graph.producer(gradients.get(x.id)!)!.op).toBe("add");
    });
    // The add passes its gradient on; two products come out of the square: three summands, two sums.
    expect(ops).toEqual(["matMul", "matMul", "add", "add"]);
  });

  it("labels backward ops as the layer that they belong to", () => {
    const graph = new Draft();
    const [x, kernel, seed] = [graph.input("x", [2, 3]), graph.input("kernel", [3, 2]), graph.input("seed", [2, 2])];
    const [y] = graph.labelled("dense_1", () => graph.apply("matMul", [x, kernel], product));
    differentiate(graph, { seeds: new Map([[y!.id, seed]]), wanted: [kernel] });
    expect(graph.operations.at(-1)!.label).toBe("dense_1");
  });

  it("names the tensor that the loss does not depend on", () => {
    const { graph, loss } = twoLayers();
    const unused = graph.input("unused", [3]);
    expect(() => differentiate(graph, { loss, wanted: [unused] })).toThrow(
      new PlanError("autodiff: the loss does not depend on unused"),
    );
  });

  it("names the op that has no gradient", () => {
    const graph = new Draft();
    const x = graph.input("x", [2, 3]);
    const labels = graph.input("labels", [2], "int32");
    const [correct] = graph.apply("accuracy", [x, labels], { labels: "sparse" });
    const seeds = new Map([[correct!.id, graph.input("seed", [1])]]);
    expect(() => differentiate(graph, { seeds, wanted: [x] })).toThrow(/accuracy has no gradient rule/);
  });

  it("leaves ops whose gradients nobody wants out of the plan", () => {
    const { graph, first, second, loss } = twoLayers();
    const gradients = differentiate(graph, { loss, wanted: [first, second] });
    graph.declareBuffer("gradients", { dtype: "float32", length: 64 });
    graph.bind(gradients.get(second.id)!, { buffer: "gradients", offset: 0 });
    const plan = lower(graph, { mode: "test", batchSize: 4, results: [loss] });
    expect(plan.ops.map(({ op }) => op)).toEqual([
      "matMul",
      "biasAdd",
      "unary",
      "matMul",
      "softmaxCrossEntropy",
      "softmaxCrossEntropyBackward",
      "matMul",
    ]);
  });
});
