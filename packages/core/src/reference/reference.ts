import { ArgumentError, type Backend } from "../backend/index.js";
import { ReferenceBackend } from "./backend.js";
import type { FloatStorage } from "./memory/hostMemory.js";

/** Settings of `reference`. */
export interface ReferenceOptions {
  /**
   * How float32 values are kept between ops; default "float32". With "float64" nothing is rounded to single precision:
   * for checking gradients against finite differences. Buffers then read as Float64Array; results stay float32.
   */
  readonly storage?: FloatStorage;
}

/**
 * The backend that every other one is measured against: plain loops in JavaScript on one thread, sums in double
 * precision. It runs wherever JavaScript does. Throws `ArgumentError` for an unknown storage.
 */
export async function reference({ storage = "float32" }: ReferenceOptions = {}): Promise<Backend> {
  if (storage !== "float32" && storage !== "float64") {
    throw new ArgumentError(`reference: storage is "${storage}", expected "float32" or "float64"`);
  }
  return new ReferenceBackend(storage);
}
