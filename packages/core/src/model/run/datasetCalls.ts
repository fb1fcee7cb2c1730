import { ArgumentError } from "../../errors.js";
import type { Dataset } from "../../pipeline/index.js";
import { isTensor } from "../../tensorInput.js";
import type { BatchSettings } from "../data/batchSamples.js";
import type { EvaluateOptions } from "../options.js";
import { limited } from "./resolveFit.js";

/** A data set to go through once. Throws `ArgumentError` for options that are for arrays. */
export function onePass(
  method: string,
  data: Dataset<unknown>,
  { batchSize, steps, verbose, ...rest }: EvaluateOptions,
  labelled: boolean,
): { data: Dataset<unknown>; settings: BatchSettings } {
  if (batchSize !== undefined || rest.sampleWeight !== undefined) {
    const [name, remedy] =
      batchSize === undefined
        ? ["sampleWeight", "its elements may be [x, y, sampleWeight]"]
        : ["batchSize", "batch(size) makes its batches"];
    throw new ArgumentError(`${method}: ${name} is for arrays; of a data set, ${remedy}`);
  }
  const warn = verbose === 0 ? (): void => undefined : console.warn;
  return { data: limited("steps", "the data set", data, steps), settings: { what: "the data set", labelled, warn } };
}

/** The options that come after a data set. Throws `ArgumentError` for labels in their place. */
export function optionsOf<T extends object>(method: string, options: unknown): T {
  if (options !== undefined && (ArrayBuffer.isView(options) || Array.isArray(options) || isTensor(options))) {
    throw new ArgumentError(`${method}: labels come with the data set, in its batches [x, y]; leave them out`);
  }
  return (options ?? {}) as T;
}
