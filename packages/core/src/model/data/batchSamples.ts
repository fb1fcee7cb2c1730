import { DataError } from "../../errors.js";
import type { Dataset } from "../../pipeline/index.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { ClassWeight, Warn } from "./checkData.js";
import type { HostSamples } from "./hostSamples.js";
import { inputSamples, labelledSamples, type ModelData } from "./modelSamples.js";

/** How batches of a data set become samples. */
export interface BatchSettings {
  /** What errors call the data set. */
  readonly what: string;
  /** Whether labels are wanted; otherwise they are left out where there are any. */
  readonly labelled: boolean;
  readonly classWeight?: ClassWeight | undefined;
  readonly warn: Warn;
}

/**
 * The batches of a pass, numbered from `first` on, `by` from one to the next; checked as `fit` checks arrays: [x, y] or [x, y, sampleWeight], for prediction x alone as well. Throws
 * `DataError` or `ShapeError` that names the batch.
 */
export async function* batchSamples(
  settings: CompileSettings,
  pass: AsyncIterable<unknown>,
  { what, labelled, classWeight, warn }: BatchSettings,
  { first = 0, by = 1 }: { readonly first?: number; readonly by?: number } = {},
): AsyncGenerator<HostSamples, void, undefined> {
  let position = first;
  for await (const element of pass) {
    // What looks wrong in the first batch looks wrong in all of them.
    const warnOnce: Warn = position === first ? warn : () => undefined;
    const of = `of batch ${position} of ${what}`;
    if (!labelled) {
      const x = Array.isArray(element) ? element[0] : element;
      yield inputSamples(settings.network, `x ${of}`, x as ModelData, warnOnce);
    } else {
      const [x, y, sampleWeight] = expectPair(element, of);
      yield labelledSamples(settings, [`x ${of}`, `y ${of}`], x, y, { sampleWeight, classWeight }, warnOnce);
    }
    position += by;
  }
}

function expectPair(element: unknown, of: string): [ModelData, ModelData, ModelData | undefined] {
  if (!Array.isArray(element) || (element.length !== 2 && element.length !== 3)) {
    const found = Array.isArray(element) ? `${element.length} parts` : element === null ? "null" : typeof element;
    throw new DataError(
      `element ${of} is ${found}, expected [x, y] or [x, y, sampleWeight]; make it so by map, ` +
        "such as .map(({ image, label }) => [image, label])",
    );
  }
  return element as [ModelData, ModelData, ModelData | undefined];
}

/** The arrays of a data set that can be on the device whole, as samples; undefined where it can not. */
export function wholeSamples(
  settings: CompileSettings,
  data: Dataset<unknown>,
  { what, classWeight, warn }: BatchSettings,
  maxBytes: number,
): HostSamples | undefined {
  const { selection } = data;
  if (selection?.batch === undefined || ![2, 3].includes(selection.arrays.length)) {
    return undefined;
  }
  const [x, y, sampleWeight] = selection.arrays as [ModelData, ModelData, ModelData | undefined];
  const samples = labelledSamples(
    settings,
    [`x of ${what}`, `y of ${what}`],
    x,
    y,
    { sampleWeight, classWeight },
    warn,
  );
  return bytesOf(samples) <= maxBytes ? samples : undefined;
}

/** Says that a data set is on the device whole. */
export function onDeviceWhole(what: string, samples: HostSamples): string {
  return `${what} is on the device whole (${(bytesOf(samples) / 1e6).toFixed(1)} MB)`;
}

/** Bytes that samples take on a device. */
export function bytesOf({ inputs, labels = [], weights = [] }: HostSamples): number {
  return (
    [...inputs, ...labels].reduce((sum, { data }) => sum + data.byteLength, 0) +
    weights.reduce((sum, values) => sum + (values?.byteLength ?? 0), 0)
  );
}
