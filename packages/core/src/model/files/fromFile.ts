import { ConvoyError, DeviceError, ModelFileError } from "../../errors.js";

/** Runs work on what a file holds. What the work refuses is a `ModelFileError` that names the file. */
export async function fromFile<T>(source: string, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof ConvoyError) || error instanceof DeviceError) {
      throw error;
    }
    throw new ModelFileError(`${source}: ${error.message}`, { cause: error });
  }
}
