import { checkOptions } from "../checkOption.js";
import type { Callback } from "./callback.js";

/** The functions of a `lambdaCallback`: those of a `Callback`. */
export type LambdaCallbackOptions = Omit<Callback, "name" | "last" | "batchInterval" | "getState" | "setState">;

const optionNames: readonly (keyof LambdaCallbackOptions)[] = [
  ...([
    "onTrainBegin",
    "onTrainEnd",
    "onEpochBegin",
    "onEpochEnd",
    "onBatchBegin",
    "onBatchEnd",
    "onProgress",
  ] as const),
  ...(["onValidationBegin", "onNonFiniteLoss"] as const),
];

/**
 * A callback from functions. Keras' `LambdaCallback`; an object with these functions is a callback as it is, but a name that is
 * misspelt is an error here: throws `ArgumentError` with the one that was probably meant.
 */
export function lambdaCallback(functions: LambdaCallbackOptions): Callback {
  return { ...checkOptions("lambdaCallback", functions, optionNames) };
}
