import { ModelFileError, type Tensor } from "@convoy/core";
import { type FileSource, openFiles } from "../files/sources.js";
import { isZip, ZipArchive } from "../zip.js";
import { rulesFor } from "./allowed.js";
import { type Pickled, textOf, Unpickler } from "./pickle.js";
import { type Storage, StoredTensor, TensorReader } from "./storage.js";

/** Tensors by name, as PyTorch's `state_dict()` gives them: "conv1.weight". Images' axes are as in PyTorch, channels first. */
export type StateDict = ReadonlyMap<string, Tensor>;

/** Settings of `readPytorch`. */
export interface ReadPytorchOptions {
  /** Where the tensors lie in a checkpoint that holds more: "state_dict", "model", ...; default: wherever they are found. */
  readonly key?: string;
}

/** First number of a file as PyTorch wrote it before 1.6. */
const legacyMagic = Number(BigInt("0x1950a86a20f9469cfc6c"));
const legacyProtocol = 1001;

/** Whether bytes begin as files of PyTorch do, in either format. */
export function isPytorch(bytes: Uint8Array): boolean {
  if (isZip(bytes)) {
    return new ZipArchive(bytes).names.some((name) => name.endsWith("data.pkl"));
  }
  // A pickle of protocol 2 or newer, and the magic number of 10 bytes.
  return bytes[0] === 0x80 && (bytes[1] ?? 0) >= 2 && bytes[2] === 0x8a && bytes[3] === 10;
}

/**
 * Reads the tensors of a `.pt`, `.pth` or `.th` file: a state dict, or a checkpoint with one in it. Prefixes that wrappers put before
 * all names ("module.", "_orig_mod.") are taken off. Pickles can run programs; here they run nothing: what is not a tensor, a
 * container or a plain value is refused by its name. Throws `ModelFileError` for that, and for files that are damaged.
 */
export async function readPytorch(source: FileSource, options: ReadPytorchOptions = {}): Promise<StateDict> {
  const { main: bytes } = await openFiles(source);
  const { content, reader } = isZip(bytes) ? readArchive(bytes) : readStream(bytes);
  const tensors = new Map<string, Tensor>();
  for (const [name, tensor] of withoutPrefix(findTensors(content, options.key))) {
    tensors.set(name, reader.read(name, tensor));
  }
  return tensors;
}

interface FileContent {
  readonly content: Pickled;
  readonly reader: TensorReader;
}

/** The format since PyTorch 1.6: a zip archive with the pickle and a file for each storage. */
function readArchive(bytes: Uint8Array): FileContent {
  const archive = new ZipArchive(bytes);
  const pickle = archive.names.find((name) => name.endsWith("/data.pkl") || name === "data.pkl");
  if (pickle === undefined) {
    throw new ModelFileError(
      "PyTorch file: a zip archive without data.pkl, so not one that torch.save wrote. A .keras file is read by readKeras",
    );
  }
  const folder = pickle.slice(0, -"data.pkl".length);
  if (archive.has(`${folder}constants.pkl`)) {
    throw new ModelFileError(
      "PyTorch file: a TorchScript archive, which holds a program. Save the tensors alone by torch.save(model.state_dict(), path)",
    );
  }
  const storages = new Map<string, Storage>();
  const content = new Unpickler(archive.read(pickle), rulesFor(storages)).read();
  for (const storage of storages.values()) {
    const bytesOf = archive.read(`${folder}data/${storage.key}`);
    if (bytesOf.length < storage.byteLength) {
      throw new ModelFileError(
        `PyTorch file: storage ${storage.key} has ${bytesOf.length} bytes of ${storage.byteLength} for ${storage.length} numbers`,
      );
    }
    storage.bytes = bytesOf;
  }
  const order = `${folder}byteorder`;
  const little = !archive.has(order) || new TextDecoder().decode(archive.read(order)).trim() !== "big";
  return { content, reader: new TensorReader(bytes.length, little) };
}

/** The format before PyTorch 1.6: pickles one behind the other, then the storages. */
function readStream(bytes: Uint8Array): FileContent {
  const storages = new Map<string, Storage>();
  const rules = rulesFor(storages);
  let position = 0;
  const next = (): Pickled => {
    const unpickler = new Unpickler(bytes, rules, position);
    const value = unpickler.read();
    position = unpickler.position;
    return value;
  };
  if (bytes[0] !== 0x80) {
    throw new ModelFileError(
      `PyTorch file: it begins with byte ${bytes[0] ?? "none"}, neither a zip archive nor a pickle. It is no file that torch.save wrote`,
    );
  }
  if (next() !== legacyMagic) {
    throw new ModelFileError(
      "PyTorch file: a pickle without PyTorch's magic number. It is no file that torch.save wrote",
    );
  }
  const protocol = next();
  if (protocol !== legacyProtocol) {
    throw new ModelFileError(`PyTorch file: protocol ${textOf(protocol)}, expected ${legacyProtocol}`);
  }
  const system = next();
  const content = next();
  const keys = next();
  if (!Array.isArray(keys)) {
    throw new ModelFileError(`PyTorch file, byte ${position}: the list of storages is missing`);
  }
  const little = !(system instanceof Map) || system.get("little_endian") !== false;
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (const key of keys) {
    const storage = storages.get(textOf(key));
    const length = position + 8 <= bytes.length ? Number(view.getBigInt64(position, little)) : -1;
    position += 8;
    if (storage === undefined || length !== storage.length || position + storage.byteLength > bytes.length) {
      throw new ModelFileError(
        `PyTorch file, byte ${position}: storage ${textOf(key)} with ${length} numbers, expected ${storage?.length ?? "none"}. ` +
          "The file is damaged or cut off; download it again",
      );
    }
    storage.bytes = bytes.subarray(position, position + storage.byteLength);
    position += storage.byteLength;
  }
  return { content, reader: new TensorReader(bytes.length, little) };
}

/** Where programs put the state dict of a checkpoint, in the order in which it is looked for. */
const usualKeys = ["state_dict", "model_state_dict", "model_state", "model", "net", "network", "weights", "params"];

/** Dicts within dicts; deeper than this no checkpoint goes. */
const maxDepth = 4;

/** The tensors of a dict by name, or those of the dict in it that has them. */
function findTensors(content: Pickled, key: string | undefined, depth = 0): ReadonlyMap<string, StoredTensor> {
  if (!(content instanceof Map)) {
    throw new ModelFileError(
      content instanceof StoredTensor
        ? "PyTorch file: one tensor without a name, not a state dict"
        : "PyTorch file: it holds no dict of tensors. Save the tensors by torch.save(model.state_dict(), path)",
    );
  }
  if (key !== undefined) {
    if (!content.has(key)) {
      throw new ModelFileError(`PyTorch file: there is no "${key}"; it has ${namesOf(content)}`);
    }
    return findTensors(content.get(key)!, undefined, depth);
  }
  const inner = usualKeys.find((name) => content.get(name) instanceof Map);
  if (inner !== undefined && depth < maxDepth) {
    return findTensors(content.get(inner)!, undefined, depth + 1);
  }
  const tensors = new Map<string, StoredTensor>();
  for (const [name, value] of content) {
    if (typeof name === "string" && value instanceof StoredTensor) {
      tensors.set(name, value);
    }
  }
  if (tensors.size === 0) {
    throw new ModelFileError(
      `PyTorch file: no tensors where a state dict usually is; it has ${namesOf(content)}. Say which of them holds the tensors: ` +
        '{ key: "..." }',
    );
  }
  return tensors;
}

function namesOf(content: ReadonlyMap<Pickled, Pickled>): string {
  const names = [...content.keys()].slice(0, 20).map((name) => `"${textOf(name)}"`);
  return names.length === 0 ? "nothing" : names.join(", ");
}

/** What DataParallel and torch.compile put before all names. */
function withoutPrefix(tensors: ReadonlyMap<string, StoredTensor>): ReadonlyMap<string, StoredTensor> {
  const prefix = ["module.", "_orig_mod."].find((start) => [...tensors.keys()].every((name) => name.startsWith(start)));
  return prefix === undefined
    ? tensors
    : withoutPrefix(new Map([...tensors].map(([name, tensor]) => [name.slice(prefix.length), tensor])));
}
