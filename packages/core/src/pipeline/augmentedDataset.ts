import type { Layer } from "../layers/layer.js";
import { elementAugmentation } from "./augmentation.js";
import { Dataset } from "./dataset.js";
import { type LazyElement, lazyMap } from "./lazyElements.js";
import { type Elements, mapElements } from "./stages.js";

/** Batches that go through layers, which `fit` runs on its device; elsewhere they are run as the batches are wanted. */
export function augmentedDataset(
  batches: Dataset<unknown>,
  layers: readonly Layer[],
  seed: number | undefined,
): Dataset<unknown> {
  const { size, batchSize } = batches;
  const change = elementAugmentation(layers, seed ?? 0, size, true);
  const open = (epoch: number): Elements<unknown> =>
    mapElements(batches.iterate(epoch), change, { concurrency: 1, seed: seed ?? 0, epoch });
  const openLazily = (epoch: number): Elements<LazyElement<unknown>> =>
    lazyMap(batches.iterateLazily(epoch), change, { concurrency: 1, seed: seed ?? 0, epoch });
  return new Dataset({
    size,
    open,
    openLazily,
    ahead: batches.ahead,
    batchSize,
    augmentation: { layers, seed, batches },
  });
}
