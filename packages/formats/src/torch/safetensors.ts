import { ModelFileError, safetensors, type Tensor } from "@convoy/core";
import { type FileSource, openFiles } from "../files/sources.js";
import { isObject, parseJson } from "../json.js";
import { type ReadPytorchOptions, readPytorch, type StateDict } from "../pytorch/readPytorch.js";

/**
 * Reads the tensors of a safetensors file by name, as PyTorch's tools write them. Halves become float32, integers of 64 bits
 * float64. Throws `ModelFileError` for files that are damaged.
 */
export async function readSafetensors(source: FileSource): Promise<StateDict> {
  const { main } = await openFiles(source);
  const state = new Map<string, Tensor>();
  for (const [name, stored] of safetensors.read(main).tensors) {
    state.set(name, { data: asTensorData(safetensors.numbers(stored)), shape: stored.shape });
  }
  return state;
}

function asTensorData(data: ReturnType<typeof safetensors.numbers>): Tensor["data"] {
  if (
    data instanceof Float32Array ||
    data instanceof Float64Array ||
    data instanceof Int32Array ||
    data instanceof Uint8Array
  ) {
    return data;
  }
  return data instanceof BigInt64Array || data instanceof BigUint64Array
    ? Float64Array.from(data as Iterable<bigint>, Number)
    : Float64Array.from(data);
}

/** A state dict as a safetensors file, marked as PyTorch's tools mark theirs. */
export function writeSafetensors(state: StateDict): Uint8Array {
  return safetensors.write({ tensors: state, metadata: { format: "pt" } });
}

/** Where in the metadata of a file epsilons of batch normalizations stand: JSON, by module. */
const epsilonKey = "batch_norm_epsilon";

/** A state dict as a safetensors file that says what batch normalizations add to variances, which tensors do not tell. */
export function writeWithEpsilons(state: StateDict, epsilons: ReadonlyMap<string, number>): Uint8Array {
  const stated = epsilons.size === 0 ? {} : { [epsilonKey]: JSON.stringify(Object.fromEntries(epsilons)) };
  return safetensors.write({ tensors: state, metadata: { format: "pt", ...stated } });
}

/** The epsilons that a safetensors file states; none of other files. */
export function statedEpsilons(bytes: Uint8Array): ReadonlyMap<string, number> {
  const text = bytes[8] === 0x7b ? safetensors.read(bytes).metadata.get(epsilonKey) : undefined;
  if (text === undefined) {
    return new Map();
  }
  const stated = parseJson(epsilonKey, text);
  const entries = Object.entries(isObject(stated) ? stated : {});
  if (!isObject(stated) || !entries.every(([, epsilon]) => typeof epsilon === "number")) {
    throw new ModelFileError(`metadata ${epsilonKey} is no JSON object of numbers; the file is damaged`);
  }
  return new Map(entries as [string, number][]);
}

/** Reads a state dict from a file of PyTorch or a safetensors file, whichever it is. Throws like `readPytorch`. */
export async function readStateDict(source: FileSource, options: ReadPytorchOptions = {}): Promise<StateDict> {
  const { main } = await openFiles(source);
  const isPytorch = main[0] === 0x80 || (main[0] === 0x50 && main[1] === 0x4b);
  // The length of a header may begin with 0x80, but its text begins with "{".
  return isPytorch && main[8] !== 0x7b ? readPytorch(main, options) : readSafetensors(main);
}
