import { formatShape, ModelFileError } from "@convoy/core";
import { inflateWithin } from "../inflate.js";
import type { Hdf5Bytes } from "./bytes.js";
import { type Datatype, decodeNumbers, elementCount, readDataspace, readDatatype } from "./datatype.js";
import { type Message, messageTypes } from "./objectHeader.js";

/** Numbers of a file with their shape. */
export interface FileTensor {
  readonly shape: readonly number[];
  readonly data: Float32Array;
}

/** What a dataset is, before its numbers are read. */
export interface DatasetInfo {
  readonly type: Datatype;
  readonly shape: readonly number[];
}

/** Whether an object is a dataset. */
export function isDataset(messages: readonly Message[]): boolean {
  return messages.some(({ type }) => type === messageTypes.layout);
}

function find(messages: readonly Message[], type: number, path: string, what: string): Message {
  const found = messages.find((message) => message.type === type);
  if (found === undefined || (found.flags & 2) !== 0) {
    throw new ModelFileError(`HDF5: dataset ${path} has no ${what} of its own; the file is damaged`);
  }
  return found;
}

/** Type and shape of a dataset. */
export function datasetInfo(file: Hdf5Bytes, messages: readonly Message[], path: string): DatasetInfo {
  const type = readDatatype(
    file.at(find(messages, messageTypes.datatype, path, "datatype").start, `the type of ${path}`),
  );
  const space = find(messages, messageTypes.dataspace, path, "dataspace");
  const shape = readDataspace(file.at(space.start, `the shape of ${path}`));
  return { type, shape: shape ?? [0] };
}

/** The numbers of a dataset as float32. Throws `ModelFileError` for other kinds, and where they are not all there. */
export function readDataset(file: Hdf5Bytes, messages: readonly Message[], path: string): FileTensor {
  const { type, shape } = datasetInfo(file, messages, path);
  const count = elementCount(shape);
  if (!Number.isSafeInteger(count * type.size)) {
    throw new ModelFileError(
      `HDF5: dataset ${path} has shape ${formatShape(shape)}, larger than any file; the file is damaged`,
    );
  }
  file.allow(count * 4, `dataset ${path}`, isFiltered(messages));
  const bytes = readRaw(file, messages, path, type.size, shape, count * type.size);
  return { shape, data: decodeNumbers(`dataset ${path}`, type, bytes, count) };
}

function isFiltered(messages: readonly Message[]): boolean {
  return messages.some(({ type }) => type === messageTypes.filters);
}

function readRaw(
  file: Hdf5Bytes,
  messages: readonly Message[],
  path: string,
  elementSize: number,
  shape: readonly number[],
  size: number,
): Uint8Array {
  const what = `dataset ${path}`;
  const at = file.at(find(messages, messageTypes.layout, path, "layout").start, what);
  const version = at.version([1, 2, 3, 4, 5]);
  if (version < 3) {
    const rank = at.u8();
    const layoutClass = at.u8();
    at.skip(5);
    const address = layoutClass === 0 ? undefined : at.address();
    if (layoutClass === 2) {
      const chunk = Array.from({ length: rank - 1 }, () => at.u32());
      return readChunks(file, messages, { path, elementSize, shape, chunk }, (visit) =>
        visitTree(file, address, shape.length, visit),
      );
    }
    for (let axis = 0; axis < rank; axis++) {
      at.u32();
    }
    return layoutClass === 0 ? compact(at.take(at.u32()), size, what) : contiguous(file, address, size, what);
  }
  const layoutClass = at.u8();
  if (layoutClass === 0) {
    return compact(at.take(at.u16()), size, what);
  }
  if (layoutClass === 1) {
    const address = at.address();
    const stored = at.length();
    if (address !== undefined && stored < size) {
      throw new ModelFileError(
        `HDF5: ${what} of shape ${formatShape(shape)} needs ${size} bytes, the file has ${stored} of them; it is damaged`,
      );
    }
    return contiguous(file, address, size, what);
  }
  if (layoutClass !== 2) {
    throw new ModelFileError(
      `HDF5: ${what} lies in other files (a virtual dataset), which is not read; write it into one file`,
    );
  }
  if (version === 3) {
    const rank = at.u8();
    const address = at.address();
    const chunk = Array.from({ length: Math.max(0, rank - 1) }, () => at.u32());
    return readChunks(file, messages, { path, elementSize, shape, chunk }, (visit) =>
      visitTree(file, address, shape.length, visit),
    );
  }
  const flags = at.u8();
  const rank = at.u8();
  const sizeBytes = at.u8();
  const chunk = Array.from({ length: Math.max(0, rank - 1) }, () => at.unsigned(sizeBytes));
  at.skip(sizeBytes);
  const indexType = at.u8();
  if (indexType !== 1) {
    throw new ModelFileError(
      `HDF5: ${what} has chunks indexed in a way (${indexType}) that is not read; write the file anew with h5py's default libver`,
    );
  }
  const filtered = (flags & 2) !== 0;
  const stored = filtered ? at.length() : elementCount(chunk) * elementSize;
  const mask = filtered ? at.u32() : 0;
  const address = at.address();
  return readChunks(file, messages, { path, elementSize, shape, chunk }, (visit) => {
    if (address !== undefined) {
      visit({ offset: shape.map(() => 0), address, size: stored, mask });
    }
  });
}

function compact(bytes: Uint8Array, size: number, what: string): Uint8Array {
  if (bytes.length < size) {
    throw new ModelFileError(`HDF5: ${what} needs ${size} bytes, the file has ${bytes.length} of them; it is damaged`);
  }
  return bytes.subarray(0, size);
}

/** Without an address, nothing was ever written: zeros. */
function contiguous(file: Hdf5Bytes, address: number | undefined, size: number, what: string): Uint8Array {
  if (address === undefined) {
    file.allow(size, what);
    return new Uint8Array(size);
  }
  return file.atAddress(address, what).take(size);
}

interface Chunk {
  readonly offset: readonly number[];
  readonly address: number;
  readonly size: number;
  /** Bits of the filters that were left out. */
  readonly mask: number;
}

interface Chunking {
  readonly path: string;
  readonly elementSize: number;
  readonly shape: readonly number[];
  readonly chunk: readonly number[];
}

/** The chunks in a B-tree of version 1. */
function visitTree(
  file: Hdf5Bytes,
  address: number | undefined,
  rank: number,
  visit: (chunk: Chunk) => void,
  depth = 0,
): void {
  if (address === undefined) {
    return;
  }
  const at = file.atAddress(address, "an index of chunks");
  at.signature("TREE");
  at.skip(1);
  const level = at.u8();
  const count = at.u16();
  at.address();
  at.address();
  if (depth > 40) {
    throw new ModelFileError(`HDF5: an index of chunks at byte ${at.position} is deeper than 40; the file is damaged`);
  }
  for (let index = 0; index < count; index++) {
    const size = at.u32();
    const mask = at.u32();
    const offset = Array.from({ length: rank }, () => at.unsigned(8));
    at.skip(8);
    const child = at.address();
    if (level > 0) {
      visitTree(file, child, rank, visit, depth + 1);
    } else if (child !== undefined) {
      visit({ offset, address: child, size, mask });
    }
  }
}

function readChunks(
  file: Hdf5Bytes,
  messages: readonly Message[],
  { path, elementSize, shape, chunk }: Chunking,
  chunks: (visit: (chunk: Chunk) => void) => void,
): Uint8Array {
  const what = `dataset ${path}`;
  const size = elementCount(shape) * elementSize;
  const chunkSize = elementCount(chunk) * elementSize;
  if (chunk.length !== shape.length || !(chunkSize > 0) || !Number.isSafeInteger(chunkSize)) {
    throw new ModelFileError(
      `HDF5: ${what} of shape ${formatShape(shape)} has chunks ${formatShape(chunk)}; the file is damaged`,
    );
  }
  const filters = readFilters(file, messages, what);
  // Chunks at the borders are as large as all others.
  const most = shape.reduce((product, length, axis) => product * Math.ceil(length / chunk[axis]!), 1);
  file.allow(filters.length === 0 ? size : Math.max(size, most * chunkSize), what, filters.length > 0);
  const result = new Uint8Array(size);
  let visited = 0;
  chunks(({ offset, address, size: stored, mask }) => {
    if (++visited > most) {
      throw new ModelFileError(
        `HDF5: ${what} of shape ${formatShape(shape)} has more than the ${most} chunks that it is made of; the file is damaged`,
      );
    }
    let bytes = file.atAddress(address, what).take(stored);
    for (let index = filters.length - 1; index >= 0; index--) {
      if ((mask & (1 << index)) === 0) {
        bytes = filters[index]!(bytes, chunkSize, elementSize);
      }
    }
    if (bytes.length < chunkSize) {
      throw new ModelFileError(
        `HDF5: a chunk of ${what} has ${bytes.length} bytes, expected ${chunkSize}; the file is damaged`,
      );
    }
    copyChunk(bytes, result, { elementSize, shape, chunk }, offset);
  });
  return result;
}

/** Copies what of a chunk lies inside the dataset, a run along the last axis at a time. */
function copyChunk(
  bytes: Uint8Array,
  result: Uint8Array,
  { elementSize, shape, chunk }: Omit<Chunking, "path">,
  offset: readonly number[],
): void {
  const rank = shape.length;
  const extent = shape.map((length, axis) => Math.min(chunk[axis]!, length - offset[axis]!));
  if (rank === 0 || extent.some((length) => !(length > 0))) {
    return;
  }
  const run = extent[rank - 1]! * elementSize;
  const index = new Array<number>(rank).fill(0);
  for (;;) {
    let [from, to] = [0, 0];
    for (let axis = 0; axis < rank; axis++) {
      from = from * chunk[axis]! + index[axis]!;
      to = to * shape[axis]! + offset[axis]! + index[axis]!;
    }
    result.set(bytes.subarray(from * elementSize, from * elementSize + run), to * elementSize);
    let axis = rank - 2;
    while (axis >= 0 && ++index[axis]! === extent[axis]) {
      index[axis--] = 0;
    }
    if (axis < 0) {
      return;
    }
  }
}

/** More than the three that there are do not follow each other. */
const maxFilters = 4;

/** Undoes a filter. */
type Filter = (bytes: Uint8Array, size: number, elementSize: number) => Uint8Array;

function readFilters(file: Hdf5Bytes, messages: readonly Message[], what: string): Filter[] {
  const message = messages.find(({ type }) => type === messageTypes.filters);
  if (message === undefined) {
    return [];
  }
  const at = file.at(message.start, `the filters of ${what}`);
  const version = at.version([1, 2]);
  const count = at.u8();
  if (count > maxFilters) {
    throw new ModelFileError(
      `HDF5: ${what} is packed by ${count} filters, one behind the other, up to ${maxFilters} are read; the file is damaged`,
    );
  }
  at.skip(version === 1 ? 6 : 0);
  return Array.from({ length: count }, () => {
    const id = at.u16();
    const nameLength = version === 1 || id >= 256 ? at.u16() : 0;
    at.skip(2);
    const values = at.u16();
    at.skip(version === 1 ? Math.ceil(nameLength / 8) * 8 : nameLength);
    at.skip(4 * (version === 1 && values % 2 === 1 ? values + 1 : values));
    return filterOf(id, what);
  });
}

function filterOf(id: number, what: string): Filter {
  switch (id) {
    case 1:
      // Two bytes of header, four of checksum.
      return (bytes, size) => inflateWithin(bytes.subarray(2, Math.max(2, bytes.length - 4)), size + 4, what);
    case 2:
      return unshuffle;
    case 3:
      return (bytes) => bytes.subarray(0, Math.max(0, bytes.length - 4));
    default:
      throw new ModelFileError(
        `HDF5: ${what} is packed by filter ${id}, read are 1 (deflate), 2 (shuffle) and 3 (Fletcher-32). Write it anew with one of them or none`,
      );
  }
}

/** Brings the bytes of each element together again: first all first bytes, then all second ones were stored. */
function unshuffle(bytes: Uint8Array, _size: number, elementSize: number): Uint8Array {
  const count = Math.floor(bytes.length / elementSize);
  const result = new Uint8Array(bytes.length);
  for (let index = 0; index < count; index++) {
    for (let byte = 0; byte < elementSize; byte++) {
      result[index * elementSize + byte] = bytes[byte * count + index]!;
    }
  }
  result.set(bytes.subarray(count * elementSize), count * elementSize);
  return result;
}
