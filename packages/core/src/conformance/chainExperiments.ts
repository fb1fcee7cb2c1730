import { distribution, extremeLogits, integers, labels, normal, rows, times, uniform } from "../ops/caseInputs.js";
import type { Value } from "../ops/definition.js";
import { exact, transcendental } from "../ops/tolerances.js";
import type { UnaryFunction } from "../ops/unary.js";
import { resolvePadding, spatial } from "../ops/window.js";
import { differentiate, type FusedName, type GraphValue } from "../plan/index.js";
import type { ConvolutionChain, DenseChain, LossChain } from "./chains.js";
import { convolutionChains, denseChains, gatherChains, lossChains, normalizationChains } from "./chains.js";
import { activated, chainTolerance, type Filler, filler, weights } from "./chainTensors.js";
import { Experiment } from "./experiment.js";
import { gatherExperiment, gatherName } from "./gatherExperiments.js";
import { normalizationExperiment, normalizationFusion, normalizationName } from "./normalizationExperiments.js";

/** A chain of ops with the fused op that it may run as. */
export interface ChainExperiment {
  readonly op: FusedName;
  readonly name: string;
  build(): Experiment;
}

/** Forward and backward of every chain. */
export function chainExperiments(): ChainExperiment[] {
  const experiments = [
    ...convolutionChains.flatMap((chain) => {
      const name = convolutionName(chain);
      const { bias = true, pool, activation } = chain;
      return [
        ...(bias || pool || activation
          ? [experimentOf("fusedConv2d", name, () => convolution(chain, name, false))]
          : []),
        experimentOf("fusedConv2dBackward", gradientName(name, chain), () => convolution(chain, name, true)),
      ];
    }),
    ...denseChains.flatMap((chain) => {
      const name = denseName(chain);
      const { bias = true, activation } = chain;
      return [
        ...(bias || activation ? [experimentOf("fusedDense", name, () => dense(chain, name, false))] : []),
        experimentOf("fusedDenseBackward", gradientName(name, chain), () => dense(chain, name, true)),
      ];
    }),
    ...normalizationChains.map((chain) => {
      const name = normalizationName(chain);
      return experimentOf(normalizationFusion(chain), name, () => normalizationExperiment(chain, name));
    }),
    ...gatherChains.map((chain) => {
      const name = gatherName(chain);
      return experimentOf("fusedGatherRows", name, () => gatherExperiment(chain, name));
    }),
    ...lossChains.map((chain) => {
      const name = lossName(chain);
      return experimentOf("fusedSoftmaxLoss", name, () => loss(chain, name));
    }),
  ];
  // Chains that differ in the gradients wanted have one forward experiment.
  return [...new Map(experiments.map((experiment) => [experiment.name, experiment])).values()];
}

function experimentOf(op: FusedName, name: string, build: () => Experiment): ChainExperiment {
  return { op, name: `${op}: ${name}`, build };
}

function convolutionName({
  input,
  kernel,
  stride = 1,
  padding = "valid",
  bias = true,
  pool,
  activation,
}: ConvolutionChain): string {
  return [
    `${times(input)} by ${times(kernel)}`,
    ...(stride === 1 ? [] : [`stride ${stride}`]),
    ...(padding === "valid" ? [] : [padding]),
    ...(bias ? ["bias"] : []),
    ...(pool ? [`pool ${pool.size} stride ${pool.stride}${pool.padding === "valid" ? "" : ` ${pool.padding}`}`] : []),
    ...(activation ? [activation] : []),
  ].join(", ");
}

function denseName({ input, units, bias = true, activation }: DenseChain): string {
  return [`${times(input)} to ${units}`, ...(bias ? ["bias"] : []), ...(activation ? [activation] : [])].join(", ");
}

function lossName({ logits, labels: kind, weights, accuracy, backward, probabilities, extreme }: LossChain): string {
  return [
    `${times(logits)} ${kind}`,
    ...(weights ? ["weights"] : []),
    ...(accuracy ? ["accuracy"] : []),
    ...(backward ? ["backward"] : []),
    ...(probabilities ? ["probabilities"] : []),
    ...(extreme ? ["extreme logits"] : []),
  ].join(", ");
}

function gradientName(name: string, { gradients }: ConvolutionChain | DenseChain): string {
  return `${name}, gradient of ${gradients?.join(" and ") ?? "parameters"}`;
}

function convolution(chain: ConvolutionChain, name: string, backward: boolean): Experiment {
  const {
    input,
    kernel,
    stride = 1,
    padding = "valid",
    bias = true,
    pool,
    activation,
    gradients = bias ? ["kernel", "bias"] : ["kernel"],
  } = chain;
  const experiment = new Experiment({ fused: true });
  const { graph } = experiment;
  const place = filler(experiment, name);
  const tensors = {
    input: place("input", integers(input)),
    kernel: place("kernel", weights(kernel)),
    ...(bias ? { bias: place("bias", weights(kernel.slice(3))) } : {}),
  };
  const [KH, KW, C, F] = kernel as [number, number, number, number];
  const strides = [stride, stride] as const;
  const [convolved] = graph.apply("conv2d", [tensors.input, tensors.kernel], {
    strides,
    padding: resolvePadding(padding, spatial(input), [KH, KW], strides),
    dilation: [1, 1],
  });
  let output = tensors.bias ? graph.apply("biasAdd", [convolved!, tensors.bias], {})[0]! : convolved!;
  if (pool) {
    const poolSize = [pool.size, pool.size] as const;
    const poolStrides = [pool.stride, pool.stride] as const;
    const poolPadding = resolvePadding(pool.padding, spatial(output.shape), poolSize, poolStrides);
    output = graph.apply("maxPool2d", [output], {
      poolSize,
      strides: poolStrides,
      padding: poolPadding,
      dilation: [1, 1],
    })[0]!;
  }
  output = activated(experiment, output, activation);
  if (!backward) {
    experiment.output("output", output, chainTolerance(KH * KW * C, activation));
    return experiment;
  }
  const terms = { input: KH * KW * F, kernel: rows(convolved!.shape), bias: rows(convolved!.shape) };
  appendGradients(experiment, output, place, tensors, gradients, terms, activation);
  return experiment;
}

function dense(chain: DenseChain, name: string, backward: boolean): Experiment {
  const {
    input,
    units,
    bias = true,
    activation,
    gradients = bias ? ["input", "kernel", "bias"] : ["input", "kernel"],
  } = chain;
  const experiment = new Experiment({ fused: true });
  const { graph } = experiment;
  const place = filler(experiment, name);
  const [N, K] = input as [number, number];
  const tensors = {
    input: place("input", integers(input)),
    kernel: place("kernel", weights([K, units])),
    ...(bias ? { bias: place("bias", weights([units])) } : {}),
  };
  const [product] = graph.apply("matMul", [tensors.input, tensors.kernel], { transposeA: false, transposeB: false });
  const shifted = tensors.bias ? graph.apply("biasAdd", [product!, tensors.bias], {})[0]! : product!;
  const output = activated(experiment, shifted, activation);
  if (!backward) {
    experiment.output("output", output, chainTolerance(K, activation));
    return experiment;
  }
  appendGradients(experiment, output, place, tensors, gradients, { input: units, kernel: N, bias: N }, activation);
  return experiment;
}

function appendGradients(
  experiment: Experiment,
  output: GraphValue,
  place: Filler,
  tensors: { readonly [label: string]: GraphValue },
  wanted: readonly string[],
  terms: { readonly [label: string]: number },
  activation: UnaryFunction | undefined,
): void {
  const seeds = new Map([[output.id, place("cotangent", integers(output.shape))]]);
  const values = wanted.map((label) => tensors[label]!);
  const gradients = differentiate(experiment.graph, { seeds, wanted: values });
  for (const label of wanted) {
    const gradient = gradients.get(tensors[label]!.id)!;
    experiment.output(`gradient of ${label}`, gradient, chainTolerance(terms[label]!, activation));
  }
}

function loss(chain: LossChain, name: string): Experiment {
  const { logits: shape, labels: kind, extreme = false } = chain;
  const experiment = new Experiment({ fused: true });
  const { graph } = experiment;
  const place = filler(experiment, name);
  const rowShape = shape.slice(0, -1);
  const logits = place("logits", extreme ? extremeLogits(shape) : normal(shape, 2));
  const target = kind === "sparse" ? labels(rowShape, shape[shape.length - 1]!) : distribution(shape);
  const inputs: Value[] = [logits, place("labels", target)];
  if (chain.weights) {
    inputs.push(place("weights", uniform(rowShape, 0, 2)));
  }
  const [lossSum, probabilities] = graph.apply("softmaxCrossEntropy", inputs, { labels: kind });
  const why = "a logarithm a row, added up over the rows";
  experiment.report("loss", lossSum!, { relative: 1e-5, absolute: 1e-5 + 2e-6 * rows(shape), why });
  if (chain.accuracy) {
    const [correct] = graph.apply("accuracy", [probabilities!, inputs[1]!], { labels: kind });
    experiment.report("accuracy", correct!, exact);
  }
  if (chain.backward) {
    const gradients = differentiate(graph, { loss: lossSum!, lossScale: 1 / rows(shape), wanted: [logits] });
    experiment.output("gradient of logits", gradients.get(logits.id)!, transcendental);
  }
  if (chain.probabilities) {
    experiment.output("probabilities", probabilities!, transcendental);
  }
  return experiment;
}
