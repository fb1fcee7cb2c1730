import { formatShape, type JsonValue, ModelFileError } from "@convoy/core";
import { halfToNumber } from "../halfFloat.js";
import { brief, expectList, expectObject, expectSizes, expectText, isObject, type JsonObject } from "../json.js";
import type { NamedWeight } from "../keras/weights/assign.js";

/** Bytes of an element as it is stored. */
const sizes: Readonly<Record<string, number>> = { float32: 4, float16: 2, int32: 4, uint8: 1, uint16: 2, bool: 1 };

/** A weight of a group: what it is and where it lies. */
interface Placed {
  readonly name: string;
  readonly shape: readonly number[];
  readonly stored: string;
  /** What stored numbers are multiplied by, and what is added. */
  readonly scale: number;
  readonly min: number;
  readonly start: number;
  readonly count: number;
}

/**
 * The weights that `weightsManifest` lists. Throws `ModelFileError` where files are missing or too short.
 * @param read gives a file; what is beyond the limit, in bytes, no weight lies in
 */
export async function readManifest(
  manifest: JsonValue | undefined,
  read: (path: string, limit: number) => Promise<Uint8Array>,
): Promise<NamedWeight[]> {
  const weights: NamedWeight[] = [];
  for (const [number, value] of expectList("weightsManifest", manifest).entries()) {
    const where = `weightsManifest[${number}]`;
    const group = expectObject(where, value);
    const placed = placeWeights(where, expectList(`${where}.weights`, group.weights));
    const last = placed.at(-1);
    const needed = last === undefined ? 0 : last.start + last.count * sizes[last.stored]!;
    const paths = expectList(`${where}.paths`, group.paths).map((path) => expectText(`${where}.paths`, path));
    const bytes = await readGroup(where, paths, needed, read);
    for (const weight of placed) {
      weights.push({
        name: weight.name,
        shape: weight.shape,
        read: () => ({ shape: weight.shape, data: decode(weight, bytes) }),
      });
    }
  }
  return weights;
}

function placeWeights(where: string, specs: readonly JsonValue[]): Placed[] {
  let start = 0;
  return specs.map((value, index) => {
    const spec = expectObject(`${where}.weights[${index}]`, value);
    const name = expectText(`${where}.weights[${index}].name`, spec.name);
    const shape = expectSizes(`${where}: shape of ${name}`, spec.shape);
    const count = shape.reduce((product, size) => product * size, 1);
    const { stored, scale, min } = storage(`${where}: ${name}`, spec);
    const placed = { name, shape, stored, scale, min, start, count };
    start += count * sizes[stored]!;
    if (!Number.isSafeInteger(start)) {
      throw new ModelFileError(`${where}: ${name} has shape ${formatShape(shape)}, larger than any file`);
    }
    return placed;
  });
}

function storage(what: string, spec: JsonObject): { stored: string; scale: number; min: number } {
  const { dtype, quantization } = spec;
  if (isObject(quantization)) {
    const { dtype: stored, scale = 1, min = 0 } = quantization;
    if (typeof stored !== "string" || !["uint8", "uint16", "float16"].includes(stored)) {
      throw new ModelFileError(`${what} is quantised as ${brief(stored)}; uint8, uint16 and float16 are read`);
    }
    if (typeof scale !== "number" || typeof min !== "number") {
      throw new ModelFileError(`${what}: quantization is ${brief(quantization)}, expected numbers scale and min`);
    }
    return { stored, scale: stored === "float16" ? 1 : scale, min: stored === "float16" ? 0 : min };
  }
  if (typeof dtype !== "string" || !Object.hasOwn(sizes, dtype)) {
    throw new ModelFileError(`${what} has dtype ${brief(dtype)}; read are ${Object.keys(sizes).join(", ")}`);
  }
  return { stored: dtype, scale: 1, min: 0 };
}

/** The files of a group one behind the other; a single one is not copied. */
async function readGroup(
  where: string,
  paths: readonly string[],
  needed: number,
  read: (path: string, limit: number) => Promise<Uint8Array>,
): Promise<Uint8Array> {
  const shards: Uint8Array[] = [];
  let total = 0;
  for (const path of paths) {
    const shard = await read(path, Math.max(0, needed - total));
    shards.push(shard);
    total += shard.length;
  }
  if (total < needed) {
    throw new ModelFileError(
      `${where}: its weights need ${needed} bytes, but ${paths.join(", ") || "no files"} have ${total}; a file is truncated or of another model`,
    );
  }
  if (shards.length === 1) {
    return shards[0]!;
  }
  const bytes = new Uint8Array(total);
  let position = 0;
  for (const shard of shards) {
    bytes.set(shard, position);
    position += shard.length;
  }
  return bytes;
}

function decode({ stored, scale, min, start, count }: Placed, bytes: Uint8Array): Float32Array {
  const view = new DataView(bytes.buffer, bytes.byteOffset + start, count * sizes[stored]!);
  const element: (index: number) => number = {
    float32: (index: number) => view.getFloat32(4 * index, true),
    float16: (index: number) => halfToNumber(view.getUint16(2 * index, true)),
    int32: (index: number) => view.getInt32(4 * index, true),
    uint8: (index: number) => view.getUint8(index),
    bool: (index: number) => view.getUint8(index),
    uint16: (index: number) => view.getUint16(2 * index, true),
  }[stored as "float32"];
  const numbers = new Float32Array(count);
  for (let index = 0; index < count; index++) {
    numbers[index] = element(index) * scale + min;
  }
  return numbers;
}
