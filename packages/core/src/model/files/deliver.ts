import { ArgumentError } from "../../errors.js";
import { modelFileChunks, type WritableModelFile } from "../../saving/modelFile.js";
import { misleadingEnding } from "../../saving/otherFormats.js";
import { joined } from "../../saving/safetensors.js";
import { type ModelTarget, writeTarget } from "../../saving/stores.js";

/** Settings of `saveWeights`. */
export interface SaveWeightsOptions {
  /**
   * Whether a file or what a store holds is replaced; default true. With false it is an `ArgumentError` where there is something
   * already, and stays as it is. Nothing without a target.
   */
  readonly overwrite?: boolean;
}

/** Settings of `save`. */
export interface SaveOptions extends SaveWeightsOptions {
  /** Whether what `compile` was given and how far training is are saved as well; default true. */
  readonly includeOptimizer?: boolean;
}

/**
 * Writes a file to a target; its bytes where there is none. Throws `ArgumentError` for a path that ends like a file of another
 * program.
 */
export async function deliver(
  target: ModelTarget | undefined,
  file: WritableModelFile,
  overwrite: boolean,
): Promise<Uint8Array | undefined> {
  const pieces = modelFileChunks(file);
  if (target === undefined) {
    return joined(pieces);
  }
  const misleading = typeof target === "string" || target instanceof URL ? misleadingEnding(String(target)) : undefined;
  if (misleading !== undefined) {
    throw new ArgumentError(misleading);
  }
  await writeTarget(target, pieces, overwrite);
  return undefined;
}
