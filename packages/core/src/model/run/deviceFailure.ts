import { DeviceError } from "../../errors.js";
import type { DeviceWeights } from "./deviceWeights.js";

/** Errors that say how to go on, and what they were before. */
const explained = new WeakMap<DeviceError, DeviceError>();

/** The error with how to go on. */
export function withRemedy(error: DeviceError, remedy: string): DeviceError {
  // One that a callback passes on from another method of the model has a remedy already: that of the outermost call counts.
  const cause = explained.get(error) ?? error;
  const better = new DeviceError(`${cause.message.replace(/\.$/, "")}. ${remedy}`, { cause });
  explained.set(better, cause);
  return better;
}

/** Runs work on a device. Where the device fails in it, the `DeviceError` also says how to go on. */
export async function explainFailure<T>(
  weights: DeviceWeights,
  remedy: () => string,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (error instanceof DeviceError && (await weights.hasFailed())) {
      throw withRemedy(error, remedy());
    }
    throw error;
  }
}
