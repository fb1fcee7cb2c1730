import { beforeAll, describe, expect, it } from "vitest";
import type { Backend, TensorData } from "../backend/index.js";
import { Experiment, packCaseSteps } from "../conformance/experiment.js";
import { caseStream, fillTensor, opCases } from "../conformance/index.js";
import { appendGradient, applied, isLoss, lossScale } from "../conformance/opExperiments.js";
import { Trial, tensorOf } from "../conformance/trial.js";
import { differentiate, type Graph, type GraphValue, opDefinition } from "../plan/index.js";
import { reference } from "../reference/index.js";
import { integers, labels, normal } from "./caseInputs.js";
import { type Attributes, sizeOf } from "./definition.js";
import type { AnyOpCase, CaseGradient, CaseInput } from "./opCase.js";
import { exact } from "./tolerances.js";

/** Step of the differences. With float64 storage the quotient is right to about 1e-9. */
const h = 1e-6;
/** Elements that are tried of each tensor. */
const samples = 16;
/** Cases above this many operations have smaller ones beside them. */
const maxFlops = 2e6;

let backend: Backend;
beforeAll(async () => {
  backend = await reference({ storage: "float64" });
});

/** The scalar that is differentiated, from what a run left behind. */
type LossOf = (contents: ReadonlyMap<string, TensorData>) => number;

interface Comparison {
  /** One line for each element whose gradient is not the difference quotient. */
  readonly mismatches: string[];
  /** Elements compared: those where the loss has no bend. */
  compared: number;
  tried: number;
}

/** Compares gradients in `contents` with difference quotients of the loss by single elements of an input. */
async function compareWithQuotients(
  trial: Trial,
  experiment: Experiment,
  label: string,
  gradient: TensorData,
  lossOf: LossOf,
): Promise<Comparison> {
  const tensor = experiment.tensors.find((candidate) => candidate.label === label)!;
  const data = tensor.data!();
  const comparison: Comparison = { mismatches: [], compared: 0, tried: 0 };
  const at = async (index: number, value: number): Promise<number> => {
    trial.write({ ...tensor, offset: tensor.offset + index }, Float64Array.of(value));
    await trial.run();
    return lossOf(await trial.contents());
  };
  for (const index of sampled(sizeOf(tensor.shape), label)) {
    const value = data[index]!;
    const [above, below] = [await at(index, value + h), await at(index, value - h)];
    const here = await at(index, value);
    const width = value + h - (value - h);
    const quotient = (above - below) / width;
    comparison.tried++;
    // At a bend (a tie of maxima, relu at 0) the gradient is one of many, and the quotients of both sides differ.
    const bend = Math.abs(above - 2 * here + below) / h;
    if (bend > 1e-3 * (1 + Math.abs(quotient))) {
      continue;
    }
    comparison.compared++;
    const found = gradient[index]!;
    if (!(Math.abs(found - quotient) <= 2e-6 * (1 + Math.abs(quotient)) + 1e-9 * Math.abs(here))) {
      comparison.mismatches.push(`${label}[${index}]: gradient ${found}, difference quotient ${quotient}`);
    }
  }
  return comparison;
}

/** The first and the last element and some in between. */
function sampled(size: number, label: string): number[] {
  const stream = caseStream(label, size);
  const inner = Array.from({ length: samples }, () => Math.floor(stream.uniform() * size));
  return size <= samples ? Array.from({ length: size }, (_, index) => index) : [...new Set([0, size - 1, ...inner])];
}

/** One gradient of a case; `tamper` may break the graph that computes it. */
async function compareCase(
  opCase: AnyOpCase,
  wanted: CaseGradient,
  tamper?: (graph: Graph) => void,
): Promise<Comparison> {
  const forward = applied(opCase);
  forward.experiment.output("output", forward.outputs[0]!, exact);
  const backward = applied(opCase);
  const gradientValue = appendGradient(backward.experiment, opCase, backward.inputs, backward.outputs, wanted);
  backward.experiment.output("gradient", gradientValue, exact);
  tamper?.(backward.experiment.graph);
  const gradient = await result(backward.experiment, "gradient");
  const output = forward.experiment.tensors.find(({ label }) => label === "output")!;
  const cotangent = backward.experiment.tensors.find(({ label }) => label === "cotangent")?.data?.();
  const lossOf: LossOf = (contents) => {
    const numbers = tensorOf(output, contents);
    if (isLoss(opCase)) {
      return numbers[0]! * lossScale(opCase);
    }
    return Array.from(numbers).reduce((total, value, index) => total + value * cotangent![index]!, 0);
  };
  const trial = await Trial.open(backend, forward.experiment);
  try {
    trial.prepare(0);
    const { label } = forward.experiment.tensors[wanted.input]!;
    return await compareWithQuotients(trial, forward.experiment, label, gradient, lossOf);
  } finally {
    trial.close();
  }
}

async function result(experiment: Experiment, label: string): Promise<TensorData> {
  const trial = await Trial.open(backend, experiment);
  try {
    trial.prepare(0xff);
    await trial.run();
    return tensorOf(experiment.tensors.find((tensor) => tensor.label === label)!, await trial.contents());
  } finally {
    trial.close();
  }
}

/** Small enough to try often, and with numbers that a step of h changes. */
function isTried(opCase: AnyOpCase): boolean {
  const { op, inputs, attributes } = opCase;
  const { outputs } = applied(opCase);
  const flops = opDefinition(op).flops(inputs, outputs, attributes as Attributes as never);
  const huge = inputs.some(({ fill }) => fill.kind === "choice" && fill.values.some((value) => Math.abs(value) > 1e30));
  return flops <= maxFlops && !huge;
}

/** Fills that put many elements on a bend. */
function bends({ fill }: CaseInput): boolean {
  return fill.kind === "integers" || fill.kind === "choice";
}

const differentiable = opCases.filter(({ differentiate: wanted }) => wanted !== undefined);

describe("gradients against difference quotients", () => {
  it.each([...new Set(differentiable.map(({ op }) => op))])("%s", async (op) => {
    const mismatches: string[] = [];
    for (const opCase of differentiable.filter((candidate) => candidate.op === op && isTried(candidate))) {
      for (const wanted of opCase.differentiate!) {
        const comparison = await compareCase(opCase, wanted);
        mismatches.push(...comparison.mismatches.map((line) => `${opCase.name}: ${line}`));
        if (!opCase.inputs.some(bends) && comparison.compared < comparison.tried * 0.9) {
          mismatches.push(
            `${opCase.name}: only ${comparison.compared} of ${comparison.tried} elements could be compared`,
          );
        }
      }
    }
    expect(mismatches).toEqual([]);
  });

  /** A gradient rule gone wrong, as a change of the op that it emitted. */
  const wrong: readonly { readonly op: AnyOpCase["op"]; readonly name: RegExp; readonly attributes: object }[] = [
    { op: "unary", name: /^tanh of 7/, attributes: { function: "sigmoid" } },
    { op: "unary", name: /^leakyRelu of 5x13/, attributes: { alpha: 0.21 } },
    { op: "matMul", name: /^7x7 by 7x7$/, attributes: { transposeA: false, transposeB: false } },
    { op: "averagePool2d", name: /^2x5x5x3 by 2x2, padding same/, attributes: { padding: [1, 0, 1, 0] } },
    { op: "conv2d", name: /^2x5x5x16 by/, attributes: { dilation: [1, 2], padding: [0, 0, 1, 1] } },
    { op: "dropout", name: /^rate 0.25 of 63/, attributes: { instance: 2 } },
    { op: "softmaxCrossEntropy", name: /^7x10, sparse$/, attributes: { scale: 0.1 } },
    { op: "meanSquaredError", name: /^5x17$/, attributes: { scale: 0.4 } },
    { op: "batchNorm", name: /^7x5$/, attributes: { epsilon: 1e-2 } },
    { op: "normalize", name: /^7x5/, attributes: { epsilon: 1e-2 } },
    { op: "groupNorm", name: /^2x9x6 in 2$/, attributes: { epsilon: 1e-2 } },
    { op: "conv2dBackwardInput", name: /^to 1x8x8x4 by/, attributes: { padding: [0, 2, 1, 1] } },
    { op: "depthwiseConv2d", name: /^2x9x8x4 by/, attributes: { padding: [0, 2, 1, 1] } },
    { op: "unary", name: /^gelu of 5x13/, attributes: { function: "geluTanh" } },
    { op: "maximum", name: /^5x13/, attributes: { input: 1 } },
    { op: "concat", name: /^2x3x5x3 and/, attributes: { before: [0, 0, 0, -1], after: [0, 0, 0, -13] } },
    { op: "transpose", name: /^2x3x5 to axes 1,2,0/, attributes: { permutation: [1, 2, 0] } },
    { op: "resize2d", name: /^1x4x4x2 to 3x3, bilinear/, attributes: { interpolation: "nearest" } },
    { op: "gaussianDropout", name: /^deviation 0.3/, attributes: { instance: 2 } },
    { op: "penalty", name: /^65/, attributes: { scale: 1 } },
  ];

  it.each(wrong)("finds a wrong gradient of $op, $attributes", async ({ op, name, attributes }) => {
    const opCase = differentiable.find((candidate) => candidate.op === op && name.test(candidate.name))!;
    const comparison = await compareCase(opCase, opCase.differentiate![0]!, (graph) => {
      const last = graph.operations.at(-1)!;
      graph.operations[graph.operations.length - 1] = { ...last, attributes: { ...last.attributes, ...attributes } };
    });
    expect(comparison.mismatches.length).toBeGreaterThan(0);
  });
});

/** A network under construction: its parameters are placed as they are asked for. */
class NetworkGraph {
  readonly experiment: Experiment = new Experiment({ fused: false });
  readonly parameters: Map<string, GraphValue> = new Map();

  place(label: string, input: CaseInput): GraphValue {
    return this.experiment.input(label, input, () => fillTensor(input, caseStream(`network ${label}`, 0)));
  }

  parameter(label: string, shape: readonly number[]): GraphValue {
    const value = this.place(label, normal(shape, 0.3));
    this.parameters.set(label, value);
    return value;
  }
}

const unit = { strides: [1, 1], dilation: [1, 1], padding: [0, 0, 0, 0] } as const;
const product = { transposeA: false, transposeB: false };

/** conv, bias, max-pool, relu, conv with padding, tanh, flatten, dense, dropout, dense, softmax loss. */
function classifier(network: NetworkGraph): GraphValue {
  const { graph } = network.experiment;
  network.experiment.steps = packCaseSteps([{ iteration: 3, seed: 8 }]);
  let value = network.place("images", normal([3, 8, 8, 2]));
  [value] = graph.apply("conv2d", [value, network.parameter("kernel 1", [3, 3, 2, 4])], unit) as [GraphValue];
  [value] = graph.apply("biasAdd", [value, network.parameter("bias 1", [4])], {}) as [GraphValue];
  [value] = graph.apply("maxPool2d", [value], { ...unit, poolSize: [2, 2], strides: [2, 2] }) as [GraphValue];
  [value] = graph.apply("unary", [value], { function: "relu", alpha: 0 }) as [GraphValue];
  const same = { ...unit, padding: [1, 1, 1, 1] } as const;
  [value] = graph.apply("conv2d", [value, network.parameter("kernel 2", [3, 3, 4, 5])], same) as [GraphValue];
  [value] = graph.apply("unary", [value], { function: "tanh", alpha: 0 }) as [GraphValue];
  [value] = graph.apply("reshape", [value], { shape: [3, 45] }) as [GraphValue];
  [value] = graph.apply("matMul", [value, network.parameter("kernel 3", [45, 6])], product) as [GraphValue];
  [value] = graph.apply("unary", [value], { function: "elu", alpha: 1 }) as [GraphValue];
  [value] = graph.apply("dropout", [value], { rate: 0.25, instance: 5 }) as [GraphValue];
  [value] = graph.apply("matMul", [value, network.parameter("kernel 4", [6, 4])], product) as [GraphValue];
  [value] = graph.apply("biasAdd", [value, network.parameter("bias 4", [4])], {}) as [GraphValue];
  const target = network.place("labels", labels([3], 4));
  return graph.apply("softmaxCrossEntropy", [value, target], { labels: "sparse" })[0]!;
}

/** A residual block (one tensor used twice), strided convolution, average pooling, one kernel used twice, squared error. */
function residual(network: NetworkGraph): GraphValue {
  const { graph } = network.experiment;
  let value = network.place("images", normal([2, 6, 7, 3]));
  const same = { ...unit, padding: [1, 1, 1, 1] } as const;
  const [inner] = graph.apply("conv2d", [value, network.parameter("kernel 1", [3, 3, 3, 3])], same);
  const [bent] = graph.apply("unary", [inner!], { function: "sigmoid", alpha: 0 });
  [value] = graph.apply("add", [value, bent!], {}) as [GraphValue];
  const [again] = graph.apply("conv2d", [value, network.parameters.get("kernel 1")!], same);
  [value] = graph.apply("add", [again!, value], {}) as [GraphValue];
  const strided = { ...unit, strides: [2, 2], padding: [0, 1, 1, 1] } as const;
  [value] = graph.apply("conv2d", [value, network.parameter("kernel 2", [3, 3, 3, 4])], strided) as [GraphValue];
  [value] = graph.apply("biasAdd", [value, network.parameter("bias 2", [4])], {}) as [GraphValue];
  [value] = graph.apply("unary", [value], { function: "leakyRelu", alpha: 0.2 }) as [GraphValue];
  const whole = { ...unit, poolSize: [value.shape[1]!, value.shape[2]!] } as const;
  [value] = graph.apply("averagePool2d", [value], whole) as [GraphValue];
  [value] = graph.apply("reshape", [value], { shape: [2, 4] }) as [GraphValue];
  [value] = graph.apply("softmax", [value], {}) as [GraphValue];
  const target = network.place("targets", integers([2, 4], 0, 1));
  return graph.apply("meanSquaredError", [value, target, network.place("weights", normal([2]))], {})[0]!;
}

/** Branches that are padded, resized, transposed, multiplied and joined; functions of the input; noise; a composed loss. */
function branches(network: NetworkGraph): GraphValue {
  const { graph } = network.experiment;
  network.experiment.steps = packCaseSteps([{ iteration: 3, seed: 8 }]);
  const images = network.place("images", normal([2, 4, 5, 3]));
  const apply = (...[op, inputs, attributes]: Parameters<Graph["apply"]>): GraphValue =>
    graph.apply(op, inputs, attributes as never)[0]!;
  const unary = (input: GraphValue, name: string): GraphValue =>
    apply("unary", [input], { function: name, alpha: 0.5 } as never);
  const same = { ...unit, padding: [1, 1, 1, 1] } as const;
  const wide = unary(apply("conv2d", [images, network.parameter("kernel 1", [3, 3, 3, 4])], same), "gelu");
  const padded = apply("pad", [images], { before: [0, 1, -1, 0], after: [0, 0, 2, 0] });
  const narrow = apply("conv2d", [padded, network.parameter("kernel 2", [2, 3, 3, 2])], unit);
  const resized = apply("resize2d", [unary(narrow, "softplus")], { size: [4, 5], interpolation: "bilinear" });
  // One tensor twice, and every input of the concatenation behind another kernel.
  let value = apply("concat", [wide, resized, wide], { axis: 3 });
  value = apply("channelDropout", [value], { rate: 0.25, instance: 1 });
  value = apply("gaussianDropout", [value], { stddev: 0.3, instance: 2 });
  value = apply("gaussianNoise", [value], { stddev: 0.3, instance: 3 });
  value = apply("reshape", [apply("transpose", [value], { permutation: [0, 3, 1, 2] })], { shape: [2, 200] });
  const left = apply("matMul", [value, network.parameter("kernel 3", [200, 3])], product);
  const right = unary(apply("matMul", [value, network.parameter("kernel 4", [200, 3])], product), "silu");
  value = apply(
    "maximum",
    [apply("multiply", [left, right], {}), apply("affine", [left], { scale: 0.3, offset: 0.1 })],
    {},
  );
  return apply("weightedMean", [unary(value, "huber"), network.place("weights", normal([2]))], {});
}

describe("gradients of whole networks", () => {
  it.each([
    ["a classifier", classifier],
    ["a network with a residual block", residual],
    ["a network with branches", branches],
  ])("%s", async (_, build) => {
    const network = new NetworkGraph();
    const { experiment, parameters } = network;
    const loss = build(network);
    experiment.output("loss", loss, exact);
    const gradients = differentiate(experiment.graph, { loss, lossScale: 0.5, wanted: [...parameters.values()] });
    for (const [label, { id }] of parameters) {
      experiment.output(`gradient of ${label}`, gradients.get(id)!, exact);
    }
    const find = (label: string) => experiment.tensors.find((tensor) => tensor.label === label)!;
    const trial = await Trial.open(backend, experiment);
    trial.prepare(0xff);
    await trial.run();
    const contents = await trial.contents();
    for (const label of parameters.keys()) {
      const gradient = tensorOf(find(`gradient of ${label}`), contents).slice();
      const lossOf: LossOf = (now) => 0.5 * tensorOf(find("loss"), now)[0]!;
      const comparison = await compareWithQuotients(trial, experiment, label, gradient, lossOf);
      expect(comparison.mismatches).toEqual([]);
      expect(comparison.compared).toBeGreaterThan(comparison.tried * 0.8);
      expect(gradient.some((value) => value !== 0)).toBe(true);
    }
    trial.close();
  });
});
