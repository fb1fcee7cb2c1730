import { safetensors, type Tensor } from "@convoy/core";
import { type FileSource, openFiles } from "../files/sources.js";
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

/** Reads a state dict from a file of PyTorch or a safetensors file, whichever it is. Throws like `readPytorch`. */
export async function readStateDict(source: FileSource, options: ReadPytorchOptions = {}): Promise<StateDict> {
  const { main } = await openFiles(source);
  const isPytorch = main[0] === 0x80 || (main[0] === 0x50 && main[1] === 0x4b);
  // The length of a header may begin with 0x80, but its text begins with "{".
  return isPytorch && main[8] !== 0x7b ? readPytorch(main, options) : readSafetensors(main);
}
