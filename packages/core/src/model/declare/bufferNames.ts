/** `base` where there is one of its kind, else with the name of the input or output that it is for. */
function named(base: string, names: readonly string[], index: number): string {
  return names.length === 1 ? base : `${base}/${names[index]}`;
}

/** The buffers of a model's plans by name: what a plan declares and what the device binds to it. */
export const bufferNames = {
  /** All weights in one, laid out by `layOutParameters`. */
  parameters: "parameters",
  /** The gradients of the trained part of `parameters`. */
  gradients: "gradients",
  /** One of the numbers that the optimizer keeps for each trained parameter. */
  slot: (index: number): string => `slot${index}`,
  /** Numbers that a metric keeps. */
  metricState: (index: number): string => `metric${index}`,
  /** Samples for an input. */
  inputs: (names: readonly string[], index: number): string => named("inputs", names, index),
  /** Labels of the samples for an output. */
  labels: (names: readonly string[], index: number): string => named("labels", names, index),
  /** Weights of the samples for an output. */
  sampleWeights: (names: readonly string[], index: number): string => named("weights", names, index),
  /** The permutation through which rows are read. */
  order: "order",
  /** An output for all samples, where prediction is what runs. */
  predictions: (names: readonly string[], index: number): string => named("predictions", names, index),
  /** Scratch memory of a step; the contract's name. */
  arena: "arena",
} as const;

/** Whether a buffer holds an output for all samples. */
export function isPrediction(name: string): boolean {
  return name.split("/")[0] === "predictions";
}

/** Whether a buffer is laid out as the parameters are: an element of it belongs to one weight. */
export function isLaidOut(name: string): boolean {
  return name === bufferNames.parameters || name === bufferNames.gradients || /^slot\d+$/.test(name);
}
