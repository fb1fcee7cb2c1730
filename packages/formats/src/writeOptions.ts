import type { WriteTrainingOptions } from "./keras/training/writeCompileSettings.js";

/** Settings of writing. */
export interface WriteOptions extends WriteTrainingOptions {
  /** Of TensorFlow.js: stores weights in fewer bytes, rounded. Default: float32 as they are. */
  readonly quantization?: "uint8" | "uint16" | "float16";
}

/** Those of some options that were given. */
export function given<Name extends keyof WriteOptions>(
  options: WriteOptions,
  names: readonly Name[],
): Pick<WriteOptions, Name> {
  const taken = names.filter((name) => options[name] !== undefined).map((name) => [name, options[name]]);
  return Object.fromEntries(taken) as Pick<WriteOptions, Name>;
}

/** What a format does that an option of writing does not change. */
export const withoutOption: Readonly<Record<Exclude<keyof WriteOptions, "warn">, string>> = {
  quantization: "stores weights as they are",
  includeOptimizer: "has no place for how a model is trained",
};
