import { integers, normal, rows, times, uniform } from "../ops/caseInputs.js";
import { sizeOf, type Value } from "../ops/definition.js";
import { resolvePadding, spatial } from "../ops/window.js";
import { differentiate, type FusedName, type GraphValue } from "../plan/index.js";
import type { NormalizationChain } from "./chains.js";
import { activated, chainTolerance, type Filler, filler, weights } from "./chainTensors.js";
import { Experiment } from "./experiment.js";

/** Share of the old moving statistics that stays. */
const momentum = 0.75;
const epsilon = 1e-3;

/** The fused op that a chain may run as. */
export function normalizationFusion(chain: NormalizationChain): FusedName {
  if (chain.backward) {
    return "fusedBatchNormBackward";
  }
  if (chain.statistics !== "batch") {
    return chain.depthwise ? "fusedDepthwiseConv2d" : "fusedConv2d";
  }
  return chain.kernel && !chain.depthwise ? "fusedConv2dBatchNorm" : "fusedBatchNorm";
}

/** A chain for names of cases. */
export function normalizationName(chain: NormalizationChain): string {
  const { input, kernel, depthwise, stride = 1, padding = "same", bias, statistics, addend, pool, activation } = chain;
  return [
    kernel ? `${times(input)} by ${depthwise ? "depthwise " : ""}${times(kernel)}` : times(input),
    ...(stride === 1 ? [] : [`stride ${stride}`]),
    ...(padding === "same" ? [] : [padding]),
    ...(bias ? ["bias"] : []),
    ...(statistics === "none" ? [] : [`${statistics} statistics`]),
    ...(chain.scale === false ? ["no scale"] : []),
    ...(chain.center === false ? ["no center"] : []),
    ...(addend ? [`${addend} of a sum`] : []),
    ...(pool ? [`pool ${pool.size} stride ${pool.stride}`] : []),
    ...(activation ? [activation] : []),
    ...(chain.backward ? ["gradients"] : []),
    ...(chain.gradientSum ? ["of two uses"] : []),
  ].join(", ");
}

/** The convolution, the normalization and what follows it, and with `backward` the gradients of everything that has one. */
export function normalizationExperiment(chain: NormalizationChain, name: string): Experiment {
  const { statistics, scale = true, center = true, addend, pool, activation } = chain;
  const experiment = new Experiment({ fused: true });
  const { graph } = experiment;
  const place = filler(experiment, name);
  const tensors = new Map<string, GraphValue>();
  const keep = (label: string, value: GraphValue): GraphValue => {
    tensors.set(label, value);
    return value;
  };
  const source = keep("input", place("input", chain.kernel ? integers(chain.input) : normal(chain.input)));
  const x = chain.kernel ? convolved(experiment, chain, source, place, keep) : source;
  const channels = [x.shape[x.shape.length - 1]!];
  const normalizes = statistics !== "none";
  const vectors = [
    ...(normalizes && scale ? [keep("gamma", place("gamma", normal(channels, 0.5, 1)))] : []),
    ...(normalizes && center ? [keep("beta", place("beta", normal(channels)))] : []),
  ];
  const attributes = { epsilon, scale, center };
  let output: Value = x;
  if (statistics === "given") {
    const moving = [place("mean", normal(channels)), place("variance", uniform(channels, 0.5, 2))];
    output = graph.apply("normalize", [x, ...moving, ...vectors], attributes)[0]!;
  } else if (statistics === "batch") {
    const [normalized, ...found] = graph.apply("batchNorm", [x, ...vectors], attributes);
    ["mean", "variance"].forEach((label, index) => {
      const tolerance = { relative: 2e-5, absolute: 2e-5, why: "averages in float32 in any order" };
      const state = place(`moving ${label}`, uniform(channels, 0.5, 2), tolerance);
      graph.apply("movingAverage", [state, found[index]!], { momentum });
    });
    output = normalized!;
  }
  if (addend) {
    const other = keep("addend", place("addend", normal(output.shape)));
    output = graph.apply("add", addend === "left" ? [other, output] : [output, other], {})[0]!;
  }
  if (pool) {
    const size = [pool.size, pool.size] as const;
    const strides = [pool.stride, pool.stride] as const;
    const padding = resolvePadding(pool.padding, spatial(output.shape), size, strides);
    output = graph.apply("maxPool2d", [output], { poolSize: size, strides, padding, dilation: [1, 1] })[0]!;
  }
  output = activated(experiment, output as GraphValue, activation);
  const terms = chain.kernel ? sizeOf(chain.kernel.slice(0, chain.depthwise ? 2 : 3)) : 1;
  if (!chain.backward) {
    experiment.output("output", output, chainTolerance(terms, "tanh"));
    return experiment;
  }
  appendGradients(experiment, chain, output, place, tensors, rows(x.shape));
  return experiment;
}

function convolved(
  { graph }: Experiment,
  { kernel, depthwise = false, stride = 1, padding = "same", bias = false }: NormalizationChain,
  input: GraphValue,
  place: Filler,
  keep: (label: string, value: GraphValue) => GraphValue,
): GraphValue {
  const [KH, KW, C, F] = kernel as [number, number, number, number];
  const strides = [stride, stride] as const;
  const [y] = graph.apply(
    depthwise ? "depthwiseConv2d" : "conv2d",
    [input, keep("kernel", place("kernel", weights(kernel!)))],
    { strides, padding: resolvePadding(padding, spatial(input.shape), [KH, KW], strides), dilation: [1, 1] },
  );
  const offset = bias ? keep("bias", place("bias", weights([depthwise ? C * F : F]))) : undefined;
  return offset ? graph.apply("biasAdd", [y!, offset], {})[0]! : y!;
}

/** What is stored: every gradient. With `gradientSum` the output is used twice, and its gradient is the sum of two. */
function appendGradients(
  experiment: Experiment,
  { gradientSum = false, kernel }: NormalizationChain,
  output: Value,
  place: Filler,
  tensors: ReadonlyMap<string, GraphValue>,
  terms: number,
): void {
  const { graph } = experiment;
  const uses = gradientSum
    ? ["a", "b"].map((side) => graph.apply("multiply", [output, place(`factor ${side}`, normal(output.shape))], {})[0]!)
    : [output];
  const seeds = new Map(uses.map((use, index) => [use.id, place(`cotangent ${index}`, integers(output.shape))]));
  const wanted = [...tensors.values()];
  const gradients = differentiate(graph, { seeds, wanted });
  const why = `sums of ${terms} terms whose mean and slope are taken off`;
  for (const [label, { id }] of tensors) {
    // A convolution adds the errors of what is normalized up once more; of a bias nothing else is left.
    const absolute = (kernel ? 1e-4 : 2e-5) + (label === "input" || label === "addend" ? 0 : 3e-6 * terms);
    experiment.output(`gradient of ${label}`, gradients.get(id)!, { relative: 1e-4, absolute, why });
  }
}
