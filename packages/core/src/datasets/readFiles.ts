import { DatasetError, listNames } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { declaredIdxSize, parseIdx } from "./idx.js";
import { declaredNpySize, parseNpy } from "./npy.js";
import { type FileSource, type ReadOptions, readSource } from "./readSource.js";
import { unzip } from "./zip.js";

/**
 * Reads an IDX file, plain or gzip: MNIST's format, as `parseIdx` says.
 *
 * @throws DatasetError when there is no such file, it is damaged, or has more bytes than its header or `maxBytes` says
 */
export async function readIdx(source: FileSource, options: ReadOptions = {}): Promise<Tensor> {
  const { bytes, name } = await readSource(source, "IDX file", options, declaredIdxSize);
  return parseIdx(bytes, name);
}

/**
 * Reads a file that `numpy.save` wrote, plain or gzip, as `parseNpy` says.
 *
 * @throws DatasetError when there is no such file, it is damaged, or has more bytes than its header or `maxBytes` says
 */
export async function readNpy(source: FileSource, options: ReadOptions = {}): Promise<Tensor> {
  const { bytes, name } = await readSource(source, "NPY file", options, declaredNpySize);
  return parseNpy(bytes, name);
}

/** Settings of `readNpz`. */
export interface ReadNpzOptions extends ReadOptions {
  /** Which arrays; default all. */
  readonly names?: readonly string[] | undefined;
}

/**
 * Reads arrays that `numpy.savez` or `numpy.savez_compressed` wrote, by the names that they were given.
 *
 *     const { x_train, y_train } = await readNpz("mnist.npz");
 *
 * @throws DatasetError when there is no such file or array, it is damaged, or its arrays have more than `maxBytes` together
 */
export async function readNpz(
  source: FileSource,
  { names, ...options }: ReadNpzOptions = {},
): Promise<Record<string, Tensor>> {
  const { bytes, name, limit } = await readSource(source, "NPZ file", options);
  const isWanted = (entry: string): boolean => names === undefined || names.includes(arrayName(entry));
  const files = await unzip(bytes, name, limit, isWanted);
  const arrays = Object.fromEntries(
    [...files].map(([entry, file]) => [arrayName(entry), parseNpy(file, `${name}: ${entry}`)]),
  );
  const missing = names?.find((wanted) => !Object.hasOwn(arrays, wanted));
  if (missing !== undefined) {
    const all = [...(await unzip(bytes, name, limit)).keys()].map(arrayName);
    throw new DatasetError(`${name}: has no array "${missing}"; it has ${listNames(all)}`);
  }
  return arrays;
}

function arrayName(entry: string): string {
  return entry.replace(/\.npy$/, "");
}
