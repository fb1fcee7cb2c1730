import type { ProcessGroup } from "../../backend/index.js";
import { type Dataset, type LazyElement, makeElements } from "../../pipeline/index.js";
import { type BatchSettings, batchSamples } from "../data/batchSamples.js";
import { type HostSamples, sliceSamples } from "../data/hostSamples.js";
import { type BatchSlice, sliceOf } from "../declare/batchSlice.js";
import type { CompileSettings } from "../declare/compileSettings.js";

/** What this process has of a batch: all of it, or its rows where several train together. */
export interface OwnBatch {
  readonly samples: HostSamples;
  /** Samples of the whole batch. */
  readonly batchSize: number;
  /** Place of the samples in it. */
  readonly offset: number;
}

/** What was made of a batch. */
interface OwnElement {
  readonly element: unknown;
  /** Of the batch of which it is a part; undefined where it is all of it. */
  readonly size: number | undefined;
}

/** Which pass of a data set is gone through, from which of its batches on. */
export interface Pass {
  readonly epoch: number;
  readonly skipped: number;
}

/**
 * The batches of a pass for training. Where several processes train together each makes its own rows alone, as far as the data set lets it:
 * of what comes in whole batches it takes them.
 */
export async function* trainingBatches(
  settings: CompileSettings,
  data: Dataset<unknown>,
  { epoch, skipped }: Pass,
  batchSettings: BatchSettings,
): AsyncGenerator<OwnBatch, void, undefined> {
  const { group } = settings.backend;
  const rest = skipped > 0 ? data.skip(skipped) : data;
  if (group === undefined) {
    yield* wholeBatches(batchSamples(settings, rest.iterate(epoch), batchSettings, { first: skipped }));
    return;
  }
  // Of the elements that have been made and not yet been checked, in order: sizes of the batches that they are parts of.
  const sizes: (number | undefined)[] = [];
  const ownPart = async ({ make, parts }: LazyElement<unknown>): Promise<OwnElement> => {
    if (parts === undefined) {
      return { element: await make(), size: undefined };
    }
    const { offset, rows } = sliceOf(group, parts.size);
    return { element: await parts.make(offset, offset + rows), size: parts.size };
  };
  const made = makeElements(rest.iterateLazily(epoch), ownPart, rest.ahead);
  async function* elements(): AsyncGenerator<unknown, void, undefined> {
    for await (const { element, size } of made) {
      sizes.push(size);
      yield element;
    }
  }
  for await (const samples of batchSamples(settings, elements(), batchSettings, { first: skipped })) {
    const size = sizes.shift();
    const { offset, rows, batchSize }: BatchSlice = sliceOf(group, size ?? samples.rows);
    const own = size === undefined ? sliceSamples(samples, offset, offset + rows) : samples;
    yield { samples: own, batchSize, offset };
  }
}

/**
 * The batches of a pass for evaluation and prediction, of which each process of a group makes every so manyth; `onBatch` is told of
 * every batch of all of them.
 */
export async function* sharedBatches(
  settings: CompileSettings,
  data: Dataset<unknown>,
  batchSettings: BatchSettings,
  onBatch: () => void,
): AsyncGenerator<OwnBatch, void, undefined> {
  const { group } = settings.backend;
  async function* own({ rank, size }: ProcessGroup): AsyncGenerator<LazyElement<unknown>, void, undefined> {
    let position = 0;
    for await (const element of data.iterateLazily()) {
      onBatch();
      if (position++ % size === rank) {
        yield element;
      }
    }
  }
  if (group === undefined) {
    for await (const batch of wholeBatches(batchSamples(settings, data.iterate(), batchSettings))) {
      onBatch();
      yield batch;
    }
    return;
  }
  const made = makeElements(own(group), ({ make }) => make(), data.ahead);
  yield* wholeBatches(batchSamples(settings, made, batchSettings, { first: group.rank, by: group.size }));
}

async function* wholeBatches(batches: AsyncIterable<HostSamples>): AsyncGenerator<OwnBatch, void, undefined> {
  for await (const samples of batches) {
    yield { samples, batchSize: samples.rows, offset: 0 };
  }
}
