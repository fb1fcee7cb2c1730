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

  it("cuts the gradient of each tensor out of that of a concatenation, for those that need one", () => {
    const graph = new Draft();
    const [a, b, c] = [graph.input("a", [2, 3]), graph.input("b", [2, 1]), graph.input("c", [2, 4])];
    const [whole] = graph.apply("concat", [a, b, c], { axis: 1 });
    const [loss] = graph.apply("weightedMean", [whole!], {});
    const ops = graph.appended(() => differentiate(graph, { loss: loss!, wanted: [a, c] }));
    expect(ops).toEqual(["weightedMeanBackward", "pad", "pad"]);
    expect(graph.operations.slice(-2).map(({ attributes, outputs }) => [attributes, outputs[0]!.shape])).toEqual([
      [{ before: [0, 0], after: [0, -5] }, [2, 3]],
      [{ before: [0, -4], after: [0, 0] }, [2, 4]],
    ]);
  });

  it("adds up the gradients of a tensor that a concatenation has twice", () => {
    const graph = new Draft();
    const x = graph.input("x", [2, 3]);
    const [whole] = graph.apply("concat", [x, x], { axis: 0 });
    const [loss] = graph.apply("weightedMean", [whole!], {});
    const ops = graph.appended(() => differentiate(graph, { loss: loss!, wanted: [x] }));
    expect(ops).toEqual(["weightedMeanBackward", "pad", "pad", "add"]);
  });

  it("keeps the input of a function whose derivative is of the input, else the output", () => {
    for (const [name, kept] of [
      ["tanh", "output"],
      ["gelu", "input"],
    ] as const) {
      const graph = new Draft();
      const x = graph.input("x", [2, 3]);
      const [y] = graph.apply("unary", [x], { function: name, alpha: 0 });
      const [loss] = graph.apply("weightedMean", [y!], {});
      differentiate(graph, { loss: loss!, wanted: [x] });
      expect(graph.operations.at(-1)!.inputs[1]).toBe(kept === "input" ? x : y);
    }
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

  it("takes several losses, each with its scale, and adds what they give one tensor", () => {
    const { graph, first, bent, loss } = twoLayers();
    const [mean] = graph.apply("weightedMean", [bent], {});
    const [term] = graph.apply("penalty", [first], { l1: 0, l2: 0.5, scale: 1 });
    const losses = [
      { loss, scale: 0.25 },
      { loss: mean!, scale: 2 },
      { loss: term!, scale: 1 },
    ];
    const ops = graph.appended(() => differentiate(graph, { losses, wanted: [first] }));
    expect(ops).toEqual([
      "penaltyBackward",
      "weightedMeanBackward",
      "softmaxCrossEntropyBackward",
      "matMul",
      "add",
      "unaryBackward",
      "matMul",
      "add",
    ]);
    const scale = (name: string) => graph.operations.find(({ op }) => op === name)!.attributes.scale;
    const names = ["penaltyBackward", "weightedMeanBackward", "softmaxCrossEntropyBackward"];
    expect(names.map(scale)).toEqual([1, 2, 0.25]);
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

  describe("through batch normalization", () => {
    const attributes = { epsilon: 1e-3, scale: true, center: true };

    function normalized() {
      const graph = new Draft();
      const [x, seed] = [graph.input("x", [4, 3]), graph.input("seed", [4, 3])];
      const [gamma, beta] = [graph.input("gamma", [3]), graph.input("beta", [3])];
      const outputs = graph.apply("batchNorm", [x, gamma, beta], attributes);
      // The statistics feed a moving average, which has no gradient.
      graph.apply("movingAverage", [graph.input("movingMean", [3]), outputs[1]!], { momentum: 0.9 });
      const appended = (...wanted: Value[]) =>
        graph.appended(() => differentiate(graph, { seeds: new Map([[outputs[0]!.id, seed]]), wanted }));
      return { graph, x, gamma, beta, outputs, seed, appended };
    }

    it("emits the sums once for input, gamma and beta", () => {
      const { x, gamma, beta, appended } = normalized();
      expect(appended(x, gamma, beta)).toEqual(["batchNormBackwardSums", "batchNormBackwardInput"]);
    });

    it("emits the sums for the input alone, and no input gradient for gamma and beta alone", () => {
      const { x, gamma, beta, appended } = normalized();
      expect(appended(x)).toEqual(["batchNormBackwardSums", "batchNormBackwardInput"]);
      expect(appended(gamma, beta)).toEqual(["batchNormBackwardSums"]);
      expect(appended(beta)).toEqual(["batchNormBackwardSums"]);
    });

    it("gives gamma and beta their own sums, beta alone the second", () => {
      const { graph, gamma, beta, outputs, seed, x } = normalized();
      const seeds = new Map([[outputs[0]!.id, seed]]);
      const gradients = differentiate(graph, { seeds, wanted: [gamma, beta] });
      const { outputs: sums } = graph.operations.at(-1)!;
      expect([gradients.get(gamma.id), gradients.get(beta.id)]).toEqual(sums);
      const [y] = graph.apply("batchNorm", [x, beta], { ...attributes, scale: false });
      const alone = differentiate(graph, { seeds: new Map([[y!.id, seed]]), wanted: [beta] });
      expect(alone.get(beta.id)).toBe(graph.operations.at(-1)!.outputs[1]);
    });

    it("normalize and groupNorm append only what is wanted", () => {
      const { graph, x, gamma, beta, seed } = normalized();
      const statistics = [graph.input("mean", [3]), graph.input("variance", [3])];
      const [fixed] = graph.apply("normalize", [x, ...statistics, gamma, beta], attributes);
      const [grouped] = graph.apply("groupNorm", [x, gamma, beta], { ...attributes, groups: 1 });
      const [plain] = graph.apply("normalize", [x, ...statistics], { epsilon: 1e-3, scale: false, center: false });
      const appended = (output: Value | undefined, ...wanted: Value[]) =>
        graph.appended(() => differentiate(graph, { seeds: new Map([[output!.id, seed]]), wanted }));
      expect(appended(fixed, x)).toEqual(["normalizeBackwardInput"]);
      expect(appended(fixed, beta)).toEqual(["batchNormBackwardSums"]);
      expect(appended(fixed, x, gamma)).toEqual(["normalizeBackwardInput", "batchNormBackwardSums"]);
      expect(appended(plain, x)).toEqual(["normalizeBackwardInput"]);
      expect(appended(grouped, x)).toEqual(["groupNormBackwardInput"]);
      expect(appended(grouped, gamma)).toEqual(["groupNormBackwardSums"]);
    });

    it("names the output that it does not go through", () => {
      const { graph, x, outputs } = normalized();
      const seeds = new Map([[outputs[1]!.id, graph.input("seed of the mean", [3])]]);
      expect(() => differentiate(graph, { seeds, wanted: [x] })).toThrow(/output 0 of batchNorm has no gradient/);
    });
  });

  it("goes through a transposed convolution by the other two convolutions", () => {
    const graph = new Draft();
    const window = { strides: [2, 2], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
    const [x, kernel] = [graph.input("x", [1, 2, 2, 3]), graph.input("kernel", [2, 2, 5, 3])];
    const inputShape = [1, 4, 4, 5];
    const [y] = graph.apply("conv2dBackwardInput", [x, kernel], { ...window, inputShape });
    const seeds = new Map([[y!.id, graph.input("seed", inputShape)]]);
    const gradients = differentiate(graph, { seeds, wanted: [x, kernel] });
    const [forX, forKernel] = graph.operations.slice(-2);
    expect(forX).toMatchObject({ op: "conv2d", attributes: window });
    expect(forKernel).toMatchObject({ op: "conv2dBackwardFilter", inputs: [{ label: "seed" }, { label: "x" }] });
    expect([x, kernel].map(({ id }) => gradients.get(id)!.shape)).toEqual([x.shape, kernel.shape]);
  });
});
