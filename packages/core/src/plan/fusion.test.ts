import { describe, expect, it } from "vitest";
import { validatePlan } from "../backend/validatePlan.js";
import { chainExperiments } from "../conformance/chainExperiments.js";
import type { Shape, Value } from "../ops/definition.js";
import type { OpInstance } from "./index.js";
import { differentiate, type FusedName, fusedNames, Graph, lower, type Plan } from "./index.js";

const product = { transposeA: false, transposeB: false };
const unit = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
const pool = { ...unit, poolSize: [2, 2], strides: [2, 2] } as const;
const relu = { function: "relu", alpha: 0 } as const;

/** A graph with one buffer a tensor. */
class Draft extends Graph {
  input(label: string, shape: Shape, dtype: "float32" | "int32" = "float32"): Value {
    this.declareBuffer(label, { dtype, length: shape.reduce((size, length) => size * length, 1) });
    return this.place(label, { shape, dtype }, label);
  }

  /** Gives a value a buffer of its own. */
  store(label: string, value: Value): void {
    this.declareBuffer(label, { dtype: value.dtype, length: value.shape.reduce((size, length) => size * length, 1) });
    this.bind(value, { buffer: label, offset: 0 });
  }
}

interface LoweringSetting {
  readonly fusions?: readonly FusedName[];
  readonly accepts?: (op: OpInstance) => boolean;
  readonly results?: readonly Value[];
}

function lowered(
  graph: Graph,
  { fusions = fusedNames, accepts = () => true, results = [] }: LoweringSetting = {},
): Plan {
  const supports = (op: OpInstance) => accepts(op) || "not this one";
  const plan = lower(graph, { mode: "test", batchSize: 1, results, target: { fusions, supports } });
  validatePlan(plan);
  return plan;
}

/** `matMul`, or `fusedDense(matMul biasAdd)`. */
function names(plan: Plan): string[] {
  return plan.ops.map(({ op, parts }) => (parts ? `${op}(${parts.map((part) => part.op).join(" ")})` : op));
}

/** conv -> bias -> pool -> relu, the last stored. */
function convolution(extra?: (graph: Draft, values: { convolved: Value; shifted: Value; pooled: Value }) => void) {
  const graph = new Draft();
  const x = graph.input("x", [2, 6, 6, 3]);
  const [kernel, bias] = [graph.input("kernel", [3, 3, 3, 4]), graph.input("bias", [4])];
  const [convolved] = graph.apply("conv2d", [x, kernel], unit);
  const [shifted] = graph.apply("biasAdd", [convolved!, bias], {});
  const [pooled] = graph.apply("maxPool2d", [shifted!], pool);
  const [bent] = graph.apply("unary", [pooled!], relu);
  extra?.(graph, { convolved: convolved!, shifted: shifted!, pooled: pooled! });
  graph.store("output", bent!);
  return { graph, x, kernel, bias, bent: bent! };
}

describe("a batch on its way into the plan", () => {
  /** Bytes gathered, scaled, resampled by transforms that are gathered too; `extra` may read what is between. */
  function augmented(extra?: (graph: Draft, scaled: Value) => void): Draft {
    const graph = new Draft();
    const rows = (label: string, shape: Shape, dtype: "float32" | "int32") =>
      graph.apply("gatherRows", [graph.input(label, shape, dtype)], { batchSize: 2, scale: 1, dtype })[0]!;
    const images = rows("images", [9, 6, 6, 3], "float32");
    const [scaled] = graph.apply("affine", [images], { scale: 1 / 255, offset: 0 });
    extra?.(graph, scaled!);
    const [warped] = graph.apply("warp2d", [scaled!, rows("transforms", [9, 6], "int32")], {
      ...{ size: [4, 4], interpolation: "bilinear", fillMode: "reflect", fillValue: 0, fractionBits: 8 },
    });
    graph.store("output", graph.apply("affine", [warped!], { scale: 2, offset: -1 })[0]!);
    return graph;
  }

  it("is scaled and resampled as it is gathered", () => {
    const plan = lowered(augmented());
    expect(names(plan)).toEqual(["gatherRows", "fusedGatherRows(gatherRows affine warp2d affine)"]);
    expect(plan.values.filter(({ buffer }) => buffer === "arena").map(({ shape }) => shape)).toEqual([[2, 6]]);
  });

  it("is written where something else reads it", () => {
    const plan = lowered(augmented((graph, scaled) => graph.store("scaled", scaled)));
    expect(names(plan)).toEqual(["fusedGatherRows(gatherRows affine)", "gatherRows", "warp2d", "affine"]);
  });

  it("stays as long as a backend takes it", () => {
    const accepts = ({ parts = [] }: OpInstance) => parts.at(-1)?.op === "warp2d";
    expect(names(lowered(augmented(), { accepts }))).toEqual([
      "gatherRows",
      "fusedGatherRows(gatherRows affine warp2d)",
      "affine",
    ]);
  });
});

describe("forward chains", () => {
  it("are found whole, and what is inside needs no memory", () => {
    const { graph } = convolution();
    const plan = lowered(graph);
    expect(names(plan)).toEqual(["fusedConv2d(conv2d biasAdd maxPool2d unary)"]);
    expect(plan.arenaBytes).toBe(0);
    const [op] = plan.ops;
    const label = (id: number) => plan.values.find((value) => value.id === id)!.label;
    expect(op!.inputs.map(label)).toEqual(["x", "kernel", "bias"]);
    expect(op!.outputs.map(label)).toEqual(["unary.output"]);
    const inside = plan.values.filter(({ buffer }) => buffer === undefined).map((value) => value.label);
    expect(inside).toEqual(["conv2d.output", "biasAdd.output", "maxPool2d.output", "maxPool2d.argmax"]);
    expect(op!.flops).toBe(op!.parts!.reduce((sum, { flops }) => sum + flops, 0));
  });

  it("stop where something else reads an intermediate", () => {
    const { graph } = convolution((draft, { shifted }) =>
      draft.store("other", draft.apply("softmax", [shifted], {})[0]!),
    );
    expect(names(lowered(graph))).toEqual(["fusedConv2d(conv2d biasAdd)", "maxPool2d", "unary", "softmax"]);
  });

  it("stop where a reshape of an intermediate is read", () => {
    const { graph } = convolution((draft, { convolved }) => {
      const [flat] = draft.apply("reshape", [convolved], { shape: [2, 64] });
      draft.store("other", draft.apply("softmax", [flat!], {})[0]!);
    });
    expect(names(lowered(graph))).toEqual(["conv2d", "biasAdd", "maxPool2d", "unary", "softmax"]);
  });

  it("stop at an intermediate that has a place of its own, or that is a result", () => {
    const { graph } = convolution((draft, { pooled }) => draft.store("other", pooled));
    expect(names(lowered(graph))).toEqual(["fusedConv2d(conv2d biasAdd maxPool2d)", "unary"]);

    const single = new Draft();
    const [sum] = single.apply("matMul", [single.input("a", [1, 3]), single.input("b", [3, 1])], product);
    const [reported] = single.apply("reshape", [sum!], { shape: [1] });
    single.store("output", single.apply("unary", [sum!], relu)[0]!);
    expect(names(lowered(single, { results: [reported!] }))).toEqual(["matMul", "unary"]);
    expect(names(lowered(single))).toEqual(["fusedDense(matMul unary)"]);
  });

  it("stop where the next op reads the value in another place", () => {
    const graph = new Draft();
    const [bias] = graph.apply("matMul", [graph.input("a", [1, 3]), graph.input("b", [3, 4])], product);
    const [flat] = graph.apply("reshape", [bias!], { shape: [4] });
    graph.store("output", graph.apply("biasAdd", [graph.input("x", [2, 4]), flat!], {})[0]!);
    expect(names(lowered(graph))).toEqual(["matMul", "biasAdd"]);
  });

  it("keep the order of the pattern", () => {
    const graph = new Draft();
    const [convolved] = graph.apply("conv2d", [graph.input("x", [1, 6, 6, 1]), graph.input("k", [3, 3, 1, 4])], unit);
    const [bent] = graph.apply("unary", [convolved!], relu);
    const [shifted] = graph.apply("biasAdd", [bent!, graph.input("b", [4])], {});
    graph.store("output", shifted!);
    expect(names(lowered(graph))).toEqual(["fusedConv2d(conv2d unary)", "biasAdd"]);
  });

  it("are cut shorter until the backend takes them", () => {
    const { graph } = convolution();
    const accepts = ({ parts }: OpInstance) => parts!.length < 4;
    expect(names(lowered(graph, { accepts }))).toEqual(["fusedConv2d(conv2d biasAdd maxPool2d)", "unary"]);
    expect(names(lowered(graph, { accepts: () => false }))).toEqual(["conv2d", "biasAdd", "maxPool2d", "unary"]);
    expect(names(lowered(graph, { fusions: ["fusedDense"] }))).toEqual(["conv2d", "biasAdd", "maxPool2d", "unary"]);
  });

  it("tell the backend their shapes and settings", () => {
    const { graph } = convolution();
    const asked: OpInstance[] = [];
    lowered(graph, {
      accepts: (op) => {
        asked.push(op);
        return true;
      },
    });
    expect(asked).toHaveLength(1);
    expect(asked[0]!.inputs.map(({ shape }) => shape)).toEqual([[2, 6, 6, 3], [3, 3, 3, 4], [4]]);
    expect(asked[0]!.parts!.map(({ op }) => op)).toEqual(["conv2d", "biasAdd", "maxPool2d", "unary"]);
    expect(asked[0]!.parts![2]!.attributes).toEqual(pool);
  });
});

describe("backward groups", () => {
  /** The ops of a convolution's training step. */
  function trained(wanted: readonly ("x" | "kernel" | "bias")[], setting?: LoweringSetting) {
    const { graph, bent, ...tensors } = convolution();
    const seeds = new Map([[bent.id, graph.input("seed", bent.shape)]]);
    const gradients = differentiate(graph, { seeds, wanted: wanted.map((name) => tensors[name]) });
    for (const name of wanted) {
      graph.store(`${name} gradient`, gradients.get(tensors[name].id)!);
    }
    return names(lowered(graph, setting)).slice(1);
  }

  it("take everything from the activation's gradient to the kernel's", () => {
    expect(trained(["x", "kernel", "bias"])).toEqual([
      "fusedConv2dBackward(unaryBackward maxPool2dBackward biasAddBackward conv2dBackwardInput conv2dBackwardFilter)",
    ]);
    expect(trained(["kernel"])).toEqual(["fusedConv2dBackward(unaryBackward maxPool2dBackward conv2dBackwardFilter)"]);
  });

  it("need the kernel's gradient", () => {
    expect(trained(["x"])).toEqual(["unaryBackward", "maxPool2dBackward", "conv2dBackwardInput"]);
    expect(trained(["bias"])).toEqual(["unaryBackward", "maxPool2dBackward", "biasAddBackward"]);
  });

  it("are cut shorter from the front until the backend takes them", () => {
    const withoutUnary = ({ parts }: OpInstance) => parts!.every(({ op }) => op !== "unaryBackward");
    expect(trained(["kernel", "bias"], { accepts: withoutUnary }).slice(-2)).toEqual([
      "unaryBackward",
      "fusedConv2dBackward(maxPool2dBackward biasAddBackward conv2dBackwardFilter)",
    ]);
    const withoutPool = ({ parts }: OpInstance) => parts!.every(({ op }) => op !== "maxPool2dBackward");
    expect(trained(["kernel", "bias"], { accepts: withoutPool }).slice(-3)).toEqual([
      "unaryBackward",
      "maxPool2dBackward",
      "fusedConv2dBackward(biasAddBackward conv2dBackwardFilter)",
    ]);
  });

  it("leave a transposed convolution apart from its kernel's gradient, which reads the same tensor", () => {
    const graph = new Draft();
    const [x, kernel] = [graph.input("x", [1, 3, 3, 4]), graph.input("kernel", [3, 3, 2, 4])];
    const [y] = graph.apply("conv2dBackwardInput", [x, kernel], { ...unit, inputShape: [1, 5, 5, 2] });
    const [loss] = graph.apply("meanSquaredError", [y!, graph.input("targets", [1, 5, 5, 2])], {});
    const gradients = differentiate(graph, { loss: loss!, wanted: [x, kernel] });
    graph.store("x gradient", gradients.get(x.id)!);
    graph.store("kernel gradient", gradients.get(kernel.id)!);
    expect(names(lowered(graph, { results: [loss!] }))).toEqual([
      "conv2dBackwardInput",
      "meanSquaredError",
      "meanSquaredErrorBackward",
      "conv2d",
      "conv2dBackwardFilter",
    ]);
  });

  it("leave a gradient in memory that has a place of its own", () => {
    const graph = new Draft();
    const [x, kernel] = [graph.input("x", [4, 3]), graph.input("kernel", [3, 2])];
    const [y] = graph.apply("matMul", [x, kernel], product);
    const [bent] = graph.apply("unary", [y!], relu);
    const seeds = new Map([[bent!.id, graph.input("seed", [4, 2])]]);
    const gradients = differentiate(graph, { seeds, wanted: [x, kernel, y!] });
    graph.store("x gradient", gradients.get(x.id)!);
    graph.store("kernel gradient", gradients.get(kernel.id)!);
    graph.store("y gradient", gradients.get(y!.id)!);
    expect(names(lowered(graph))).toEqual([
      "fusedDense(matMul unary)",
      "unaryBackward",
      "fusedDenseBackward(matMul matMul)",
    ]);
  });

  it("are not made over a gradient that reaches two linear ops", () => {
    const graph = new Draft();
    const x = graph.input("x", [4, 3]);
    const kernels = [graph.input("first", [3, 2]), graph.input("second", [3, 2])];
    const [first, second] = kernels.map((kernel) => graph.apply("matMul", [x, kernel], product)[0]!);
    const [sum] = graph.apply("add", [first!, second!], {});
    const gradients = differentiate(graph, {
      seeds: new Map([[sum!.id, graph.input("seed", [4, 2])]]),
      wanted: kernels,
    });
    kernels.forEach((kernel, index) => {
      graph.store(`gradient ${index}`, gradients.get(kernel.id)!);
    });
    expect(names(lowered(graph))).toEqual(["matMul", "matMul"]);
  });

  it("are not made of the input gradient of one convolution and the kernel gradient of another", () => {
    const graph = new Draft();
    const [a, b] = [graph.input("a", [1, 6, 6, 2]), graph.input("b", [1, 5, 5, 3])];
    const [kernelA, kernelB] = [graph.input("kernel a", [3, 3, 2, 4]), graph.input("kernel b", [2, 2, 3, 4])];
    const [first] = graph.apply("conv2d", [a, kernelA], unit);
    const [second] = graph.apply("conv2d", [b, kernelB], unit);
    const [sum] = graph.apply("add", [first!, second!], {});
    const seeds = new Map([[sum!.id, graph.input("seed", sum!.shape)]]);
    const gradients = differentiate(graph, { seeds, wanted: [a, kernelB] });
    graph.store("gradient a", gradients.get(a.id)!);
    graph.store("gradient kernel b", gradients.get(kernelB.id)!);
    expect(names(lowered(graph)).toSorted()).toEqual(["conv2dBackwardFilter", "conv2dBackwardInput"]);
  });

  it("are not mistaken for products that are transposed for another reason", () => {
    const graph = new Draft();
    const [x, table] = [graph.input("x", [4, 3]), graph.input("table", [5, 3])];
    graph.store("scores", graph.apply("matMul", [x, table], { transposeA: false, transposeB: true })[0]!);
    graph.store("squares", graph.apply("matMul", [x, x], { transposeA: true, transposeB: false })[0]!);
    expect(names(lowered(graph))).toEqual(["matMul", "matMul"]);
  });

  it("do not swallow a gradient that is read elsewhere under another shape", () => {
    const graph = new Draft();
    const [x, kernel] = [graph.input("x", [4, 3]), graph.input("kernel", [3, 2])];
    const [y] = graph.apply("matMul", [x, kernel], product);
    const [bent] = graph.apply("unary", [y!], relu);
    const seeds = new Map([[bent!.id, graph.input("seed", [4, 2])]]);
    const gradients = differentiate(graph, { seeds, wanted: [kernel, y!] });
    graph.store("kernel gradient", gradients.get(kernel.id)!);
    const [flat] = graph.apply("reshape", [gradients.get(y!.id)!], { shape: [1, 8] });
    graph.store("other", graph.apply("softmax", [flat!], {})[0]!);
    expect(names(lowered(graph))).toEqual(["fusedDense(matMul unary)", "unaryBackward", "matMul", "softmax"]);
  });
});

describe("the loss group", () => {
  function loss(setting: { topK?: boolean; twoAccuracies?: boolean; otherLabels?: boolean } & LoweringSetting) {
    const graph = new Draft();
    const [logits, labels] = [graph.input("logits", [4, 3]), graph.input("labels", [4], "int32")];
    const [lossSum, probabilities] = graph.apply("softmaxCrossEntropy", [logits, labels], { labels: "sparse" });
    const judged = setting.otherLabels ? graph.input("other", [4], "int32") : labels;
    const results = [lossSum!, graph.apply("accuracy", [probabilities!, judged], { labels: "sparse" })[0]!];
    if (setting.twoAccuracies) {
      results.push(graph.apply("accuracy", [probabilities!, labels], { labels: "sparse" })[0]!);
    }
    if (setting.topK) {
      results.push(graph.apply("topKAccuracy", [probabilities!, labels], { labels: "sparse", k: 2 })[0]!);
    }
    const gradients = differentiate(graph, { loss: lossSum!, wanted: [logits] });
    graph.store("gradient", gradients.get(logits.id)!);
    return names(lowered(graph, { ...setting, results }));
  }

  it("is found whole", () => {
    expect(loss({})).toEqual(["fusedSoftmaxLoss(softmaxCrossEntropy accuracy softmaxCrossEntropyBackward)"]);
  });

  it("is cut shorter until the backend takes it", () => {
    expect(loss({ accepts: ({ parts }) => parts!.every(({ op }) => op !== "accuracy") })).toEqual([
      "fusedSoftmaxLoss(softmaxCrossEntropy softmaxCrossEntropyBackward)",
      "accuracy",
    ]);
    expect(loss({ accepts: ({ parts }) => parts!.length < 3 && parts![1]!.op === "accuracy" })).toEqual([
      "fusedSoftmaxLoss(softmaxCrossEntropy accuracy)",
      "softmaxCrossEntropyBackward",
    ]);
  });

  it("runs before what else needs the probabilities", () => {
    expect(loss({ topK: true })).toEqual([
      "fusedSoftmaxLoss(softmaxCrossEntropy accuracy softmaxCrossEntropyBackward)",
      "topKAccuracy",
    ]);
  });

  it("takes one accuracy only, over the loss' own labels", () => {
    expect(loss({ twoAccuracies: true }).filter((name) => name === "accuracy")).toHaveLength(1);
    expect(loss({ otherLabels: true })).toContain("accuracy");
  });
});

describe("fused ops and what stands between their parts", () => {
  it("are moved before an update of what they read", () => {
    const graph = new Draft();
    const [x, w, g] = [graph.input("x", [1, 4]), graph.input("w", [64]), graph.input("g", [64])];
    const kernel = graph.place("kernel", { shape: [4, 3], dtype: "float32" }, "w", 0);
    const [y] = graph.apply("matMul", [x, kernel], product);
    graph.apply("sgdUpdate", [w, g], { momentum: 0, nesterov: false });
    graph.store("output", graph.apply("unary", [y!], relu)[0]!);
    expect(names(lowered(graph))).toEqual(["fusedDense(matMul unary)", "sgdUpdate"]);
  });

  it("are not formed where the update belongs between their parts", () => {
    const graph = new Draft();
    const [x, w, g] = [graph.input("x", [1, 4]), graph.input("w", [128]), graph.input("g", [128])];
    const kernel = graph.place("kernel", { shape: [4, 3], dtype: "float32" }, "w", 0);
    const bias = graph.place("bias", { shape: [3], dtype: "float32" }, "w", 64);
    const [y] = graph.apply("matMul", [x, kernel], product);
    graph.apply("sgdUpdate", [w, g], { momentum: 0, nesterov: false });
    graph.store("output", graph.apply("biasAdd", [y!, bias], {})[0]!);
    expect(names(lowered(graph))).toEqual(["matMul", "sgdUpdate", "biasAdd"]);
  });

  it("are not moved past what reads or writes the same part of a buffer", () => {
    const graph = new Draft();
    graph.declareBuffer("gradients", { dtype: "float32", length: 128 });
    const [x, seed] = [graph.input("x", [4, 3]), graph.input("seed", [4, 2])];
    const [bias] = graph.apply("biasAddBackward", [seed], {});
    graph.bind(bias!, { buffer: "gradients", offset: 0 });
    // Changes the bias' gradient through its place in the buffer, and what the kernel's gradient is computed from.
    graph.apply("clipByValue", [graph.place("part", bias!, "gradients", 0)], { limit: 0.1 });
    graph.apply("clipByValue", [graph.place("same", x, "x", 0)], { limit: 0.1 });
    const [kernel] = graph.apply("matMul", [x, seed], { transposeA: true, transposeB: false });
    graph.bind(kernel!, { buffer: "gradients", offset: 64 });
    expect(names(lowered(graph))).toEqual(["biasAddBackward", "clipByValue", "clipByValue", "matMul"]);
  });

  it("are moved behind what has nothing to do with them", () => {
    const graph = new Draft();
    const [x, kernel] = [graph.input("x", [2, 3]), graph.input("kernel", [3, 3])];
    const [y] = graph.apply("matMul", [x, kernel], product);
    graph.store("other", graph.apply("softmax", [x], {})[0]!);
    graph.store("output", graph.apply("unary", [y!], relu)[0]!);
    expect(names(lowered(graph))).toEqual(["softmax", "fusedDense(matMul unary)"]);
  });
});

describe("the chains of the conformance kit", () => {
  it("run as the fused op that they are named after, wherever it can be formed", () => {
    const found = new Set<string>();
    for (const { op, name, build } of chainExperiments()) {
      const { graph, results } = build();
      const plan = lowered(graph, { results: results.map(({ value }) => value) });
      const fused = plan.ops.filter(({ parts }) => parts).map((planOp) => planOp.op);
      if (!fused.includes(op)) {
        // Without the kernel's gradient there is no such group.
        expect(name).toMatch(
          /^fusedConv2dBackward: .* gradient of (bias|input)$|^fusedDenseBackward: .*gradient of (kernel|input)$/,
        );
      }
      fused.forEach((used) => {
        found.add(used);
      });
    }
    expect([...found].toSorted()).toEqual([...fusedNames].toSorted());
  });
});
