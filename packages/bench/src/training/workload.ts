import { applications, type Sequential } from "@convoy/core";
import type { LabelledImages } from "@convoy/core/datasets";
import type { BenchResult } from "../report/result.js";

/** The networks that can be trained. */
export const modelNames: readonly applications.NetworkName[] = ["tutorial", "simple"];

/** What every backend and peer is given to do. */
export interface Workload {
  readonly model: applications.NetworkName;
  readonly dataset: string;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly epochs: number;
  readonly batchSize: number;
  /** Of the initial weights and of the order of the samples. */
  readonly seed: number;
  /** Threads of backends and peers that have such an option; absent: their default. */
  readonly threads?: number;
}

/** The network with its initial weights. */
export function buildModel({ model, seed }: Pick<Workload, "model" | "seed">): Sequential {
  return applications[model]({ seed });
}

/** The first `count` images. */
export function firstImages({ images, labels }: LabelledImages, count: number): LabelledImages {
  const [all, ...sample] = images.shape as [number, ...number[]];
  const size = sample.reduce((product, length) => product * length, 1);
  const kept = Math.min(count, all);
  return {
    images: { ...images, data: images.data.subarray(0, kept * size), shape: [kept, ...sample] },
    labels: { data: labels.data.subarray(0, kept), shape: [kept] },
  };
}

/** Number of images. */
export function countOf({ images }: LabelledImages): number {
  return images.shape[0] as number;
}

/** The part of a row that says what was to be done. */
export function describeWorkload(
  workload: Workload,
): Pick<BenchResult, "model" | "dataset" | "seed" | "epochs" | "batchSize" | "trainSamples"> {
  const { model, dataset, seed, epochs, batchSize, train } = workload;
  return { model, dataset, seed, epochs, batchSize, trainSamples: countOf(train) };
}
