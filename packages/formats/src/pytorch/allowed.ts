import { type Pickled, PickledName, type PickleRules, textOf } from "./pickle.js";
import { Storage, StoredTensor, storageTypes } from "./storage.js";

/** What is called in files: how each makes what it gives. Anything else is refused. */
const calls: { readonly [qualified: string]: (args: readonly Pickled[]) => Pickled } = {
  "torch._utils._rebuild_tensor": rebuiltTensor,
  "torch._utils._rebuild_tensor_v2": rebuiltTensor,
  "torch._utils._rebuild_parameter": ([data]) => data!,
  "torch._utils._rebuild_parameter_with_state": ([data]) => data!,
  "torch.nn.parameter.Parameter": ([data]) => data!,
  "collections.OrderedDict": dict,
  "collections.Counter": dict,
  "torch.Size": ([sizes]) => sizes!,
  "torch.device": (args) => args.map(textOf).join(":"),
};

/** Types that files name without calling them. */
const types = new Set([
  ...Object.keys(storageTypes).map((name) => `torch.${name}`),
  ...["float16", "float32", "float64", "bfloat16", "uint8", "int8", "int16", "int32", "int64", "bool"].map(
    (name) => `torch.${name}`,
  ),
]);

/** Most axes of a tensor of PyTorch. */
const maxRank = 64;

function rebuiltTensor([storage, offset, shape, strides]: readonly Pickled[]): Pickled {
  if (!(storage instanceof Storage) || typeof offset !== "number") {
    throw new Error("a tensor without a storage");
  }
  return new StoredTensor(storage, offset, numbers(shape), numbers(strides));
}

function numbers(value: Pickled | undefined): number[] {
  if (!Array.isArray(value) || value.length > maxRank || value.some((item) => typeof item !== "number")) {
    throw new Error("a tensor without sizes or strides");
  }
  return value as number[];
}

function dict([pairs]: readonly Pickled[]): Pickled {
  if (pairs instanceof Map) {
    return new Map(pairs);
  }
  const list = pairs ?? [];
  if (!Array.isArray(list) || list.some((pair) => !Array.isArray(pair) || pair.length !== 2)) {
    throw new Error("a dict of what are no pairs");
  }
  return new Map(list as [Pickled, Pickled][]);
}

/** The rules for a file: storages are noted by their key, their bytes are filled in by who reads the file. */
export function rulesFor(storages: Map<string, Storage>): PickleRules {
  return {
    allows: (qualified) => Object.hasOwn(calls, qualified) || types.has(qualified),
    call: (name, args) => {
      if (!Object.hasOwn(calls, name.qualified)) {
        throw new Error("a type is called");
      }
      return calls[name.qualified]!(args);
    },
    persistent: (id) => storageOf(id, storages),
  };
}

/** ("storage", type, key, device, number of elements), in old files with a view behind. */
function storageOf(id: Pickled, storages: Map<string, Storage>): Storage {
  const [kind, type, key, , length, view] = Array.isArray(id) ? id : [];
  const name = type instanceof PickledName ? type.qualified.replace(/^torch\./, "") : "";
  if (kind !== "storage" || !Object.hasOwn(storageTypes, name) || typeof length !== "number" || length < 0) {
    throw new Error(`a storage of type ${name || "unknown"}, which is not read`);
  }
  if (view !== undefined && view !== null) {
    throw new Error("a storage that is a part of another one; save the file with a newer PyTorch");
  }
  const known = storages.get(textOf(key));
  if (known !== undefined && (known.type !== name || known.length !== length)) {
    throw new Error(`storage ${textOf(key)} is described in two ways`);
  }
  const storage = known ?? new Storage(textOf(key), name, length);
  storages.set(storage.key, storage);
  return storage;
}
