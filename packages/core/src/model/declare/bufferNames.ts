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
  /** Samples. */
  inputs: "inputs",
  /** Labels of the samples. */
  labels: "labels",
  /** Weights of the samples. */
  sampleWeights: "weights",
  /** The permutation through which rows are read. */
  order: "order",
  /** Outputs for all samples, where prediction is what runs. */
  predictions: "predictions",
  /** Scratch memory of a step; the contract's name. */
  arena: "arena",
} as const;

/** Whether a buffer is laid out as the parameters are: an element of it belongs to one weight. */
export function isLaidOut(name: string): boolean {
  return name === bufferNames.parameters || name === bufferNames.gradients || /^slot\d+$/.test(name);
}
