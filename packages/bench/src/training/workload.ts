import type { Model } from "@convoy/core";
import type { LabelledImages } from "@convoy/core/datasets";
import { buildNetwork, type ModelName } from "../networks/models.js";
import type { BenchResult } from "../report/result.js";

/** What every backend and peer is given to do. */
export interface Workload {
  readonly model: ModelName;
  readonly dataset: string;
  /** In the order in which they are trained on, in every epoch. */
  readonly train: LabelledImages;
  readonly test: LabelledImages;
  readonly batchSize: number;
  /** Of the initial weights, of the order of the samples and of dropout. */
  readonly seed: number;
  /** Threads of backends and peers that have such an option; absent: their default. */
  readonly threads?: number;
}

/** The network with its initial weights, for the images of the workload. */
export function buildModel({ model, seed, train }: Pick<Workload, "model" | "seed" | "train">): Model {
  return buildNetwork(model, seed, train.images.shape.slice(1));
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

/** `count` images from number `first` on. */
export function imagesFrom({ images, labels }: LabelledImages, first: number, count: number): LabelledImages {
  const size = images.data.length / (images.shape[0] as number);
  const data = images.data.subarray(first * size, (first + count) * size);
  return {
    images: { ...images, data, shape: [count, ...images.shape.slice(1)] },
    labels: { data: labels.data.subarray(first, first + count), shape: [count] },
  };
}

/** Number of images. */
export function countOf({ images }: LabelledImages): number {
  return images.shape[0] as number;
}

/** The part of a row that says what was to be done. */
export function describeWorkload(
  workload: Workload,
): Pick<BenchResult, "model" | "dataset" | "seed" | "batchSize" | "threads" | "trainSamples"> {
  const { model, dataset, seed, batchSize, threads = null, train } = workload;
  return { model, dataset, seed, batchSize, threads, trainSamples: countOf(train) };
}
