import type { ModelName } from "../networks/models.js";

/** Accuracies on the test images that are reached after so many samples at batch 64. */
type Floors = readonly (readonly [samples: number, accuracy: number])[];

/** One and a half times the errors of the worst of three seeds on WASM. */
const floors: Partial<Record<ModelName, Partial<Record<string, Floors>>>> = {
  tutorial: {
    mnist: [
      [2560, 0.691],
      [5120, 0.847],
      [10240, 0.917],
      [20480, 0.95],
      [60000, 0.971],
    ],
  },
  simple: {
    mnist: [
      [2560, 0.721],
      [5120, 0.872],
      [10240, 0.921],
      [20480, 0.94],
      [60000, 0.975],
    ],
  },
  dropout: {
    mnist: [
      [2560, 0.689],
      [5120, 0.843],
      [10240, 0.91],
      [20480, 0.942],
      [60000, 0.967],
    ],
  },
  lenet5: {
    mnist: [
      [2560, 0.724],
      [5120, 0.811],
      [10240, 0.855],
      [20480, 0.892],
      [60000, 0.945],
    ],
  },
};
/** Larger batches take fewer steps for as many samples. */
const largestBatch = 64;

/**
 * The least accuracy after training on so many samples at batch 64 or less; between two that are stated, by the logarithm of the
 * samples. Null where none is stated: other networks and data sets, larger batches, and fewer samples than the first.
 */
export function accuracyFloor(model: ModelName, dataset: string, samples: number, batchSize: number): number | null {
  const stated = batchSize > largestBatch ? undefined : floors[model]?.[dataset];
  const next = stated?.findIndex(([most]) => samples < most) ?? 0;
  if (stated === undefined || next === 0) {
    return null;
  }
  const [fromSamples, from] = stated[next === -1 ? stated.length - 1 : next - 1] as Floors[number];
  const [toSamples, to] = stated[next] ?? [fromSamples, from];
  const share = toSamples === fromSamples ? 0 : Math.log(samples / fromSamples) / Math.log(toSamples / fromSamples);
  return from + share * (to - from);
}

/** Why no accuracy is stated, where `accuracyFloor` is null. */
export function whyNoFloor(model: ModelName, dataset: string, batchSize: number): string {
  const stated = floors[model]?.[dataset];
  if (stated === undefined) {
    return `none is stated for ${model} on ${dataset}`;
  }
  return batchSize > largestBatch
    ? `none is stated for batches larger than ${largestBatch}`
    : `none is stated for fewer than ${stated[0]?.[0].toLocaleString("en-US")} images`;
}
