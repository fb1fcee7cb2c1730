import { brief, isConfig, type JsonValue } from "../config.js";
import { ArgumentError, ModelFileError } from "../errors.js";
import type { TensorData } from "../tensor.js";
import { numbers, type StoredTensor, type WritableTensor } from "./safetensors.js";

/** What JSON can say, numbers that are not finite, and arrays of numbers. */
export type PlainData =
  | null
  | boolean
  | number
  | string
  | TensorData
  | readonly PlainData[]
  | { readonly [name: string]: PlainData | undefined };

/** How deep data may be nested. */
const maxDepth = 64;

/** What JSON has no number for. */
const special: { readonly [name: string]: number } = { NaN: Number.NaN, Infinity, "-Infinity": -Infinity, "-0": -0 };

/**
 * Data as JSON, its arrays of numbers as tensors, which the JSON refers to: `{ "$tensor": "training/epoch" }`. Numbers that
 * are not finite are `{ "$number": "NaN" }`, and names that begin with $ get another one in front. Adds to `tensors`, under
 * names that say where the array was. Throws `ArgumentError` for what is no plain data.
 */
export function packData(data: PlainData | undefined, path: string, tensors: Map<string, WritableTensor>): JsonValue {
  if (isTensorData(data)) {
    let name = path;
    for (let copy = 2; tensors.has(name); copy++) {
      name = `${path}#${copy}`;
    }
    tensors.set(name, { data, shape: [data.length] });
    return { $tensor: name };
  }
  if (typeof data === "number") {
    const name = Object.is(data, -0) ? "-0" : String(data);
    return Object.hasOwn(special, name) ? { $number: name } : data;
  }
  if (data === null || typeof data === "boolean" || typeof data === "string") {
    return data;
  }
  if (Array.isArray(data)) {
    return (data as readonly PlainData[]).map((value, index) => packData(value, `${path}/${index}`, tensors));
  }
  if (typeof data === "object" && [Object.prototype, null].includes(Object.getPrototypeOf(data))) {
    const entries = Object.entries(data as { readonly [name: string]: PlainData | undefined });
    return Object.fromEntries(
      entries
        .filter(([, value]) => value !== undefined)
        .map(([name, value]) => [
          name.startsWith("$") ? `$${name}` : name,
          packData(value, `${path}/${name}`, tensors),
        ]),
    );
  }
  throw new ArgumentError(
    `${path} is ${typeof data === "object" ? `a ${(data as object).constructor?.name}` : typeof data}, which files have no word for; ` +
      "what is saved is made of numbers, strings, booleans, null, typed arrays, and arrays and plain objects of these",
  );
}

/** The inverse of `packData`. Arrays are copies. Throws `ModelFileError` for JSON that it cannot be from. */
export function unpackData(
  json: JsonValue,
  path: string,
  tensors: ReadonlyMap<string, StoredTensor>,
  depth = 0,
): PlainData {
  if (depth > maxDepth) {
    throw new ModelFileError(`${path.slice(0, 60)}: data within data are more than ${maxDepth} deep`);
  }
  if (Array.isArray(json)) {
    return (json as readonly JsonValue[]).map((value, index) =>
      unpackData(value, `${path}/${index}`, tensors, depth + 1),
    );
  }
  if (!isConfig(json)) {
    return json as null | boolean | number | string;
  }
  const names = Object.keys(json);
  if (names.length === 1 && names[0] === "$number") {
    const value = json.$number;
    if (typeof value === "string" && Object.hasOwn(special, value)) {
      return special[value] as number;
    }
    throw new ModelFileError(`${path}: $number is ${brief(value)}, expected ${Object.keys(special).join(", ")}`);
  }
  if (names.length === 1 && names[0] === "$tensor") {
    return arrayOf(json.$tensor, path, tensors);
  }
  return Object.fromEntries(
    names.map((name) => {
      if (name.startsWith("$") && !name.startsWith("$$")) {
        throw new ModelFileError(`${path}: unknown word "${name}"`);
      }
      const value = unpackData(json[name] as JsonValue, `${path}/${name}`, tensors, depth + 1);
      return [name.startsWith("$") ? name.slice(1) : name, value];
    }),
  );
}

function isTensorData(data: unknown): data is TensorData {
  return [Float32Array, Float64Array, Int32Array, Uint8Array].some((type) => data instanceof type);
}

function arrayOf(name: JsonValue | undefined, path: string, tensors: ReadonlyMap<string, StoredTensor>): TensorData {
  const tensor = typeof name === "string" ? tensors.get(name) : undefined;
  if (tensor === undefined) {
    throw new ModelFileError(`${path}: the file has no tensor ${brief(name)}`);
  }
  const data = numbers(tensor);
  if (isTensorData(data)) {
    return data.slice();
  }
  throw new ModelFileError(`${path}: tensor "${name}" is of type ${tensor.dtype}, expected F32, F64, I32 or U8`);
}
