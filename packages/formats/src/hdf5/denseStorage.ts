import { ModelFileError } from "@convoy/core";
import type { Cursor, Hdf5Bytes } from "./bytes.js";

/** A fractal heap: many small objects in blocks whose sizes grow by powers of two. */
interface FractalHeap {
  readonly idLength: number;
  readonly offsetBytes: number;
  readonly lengthBytes: number;
  readonly width: number;
  readonly startSize: number;
  readonly maxDirect: number;
  readonly blockHeader: number;
  readonly root: number;
  readonly rootRows: number;
}

/** Record types of B-trees that index links or attributes, with how many bytes stand around the heap ID. */
const recordTypes: Readonly<Record<number, { before: number; idLength: number }>> = {
  5: { before: 4, idLength: 7 },
  6: { before: 8, idLength: 7 },
  8: { before: 0, idLength: 8 },
  9: { before: 0, idLength: 8 },
};

/** The objects of a fractal heap that an index lists: links or attributes of a group that has many. */
export function denseObjects(file: Hdf5Bytes, heapAddress: number, index: number | undefined): Cursor[] {
  const heap = readHeap(file, heapAddress);
  return readIndex(file, index).map((id) => objectOf(file, heap, id));
}

function readHeap(file: Hdf5Bytes, address: number): FractalHeap {
  const at = file.atAddress(address, "a fractal heap");
  at.signature("FRHP");
  at.version([0]);
  const idLength = at.u16();
  const filterLength = at.u16();
  const flags = at.u8();
  const maxManaged = at.u32();
  at.length();
  at.address();
  at.length();
  at.address();
  at.skip(8 * file.lengthSize);
  const width = at.u16();
  const startSize = at.length();
  const maxDirect = at.length();
  const heapBits = at.u16();
  at.skip(2);
  const root = at.address();
  const rootRows = at.u16();
  if (filterLength > 0 || root === undefined) {
    throw new ModelFileError(
      `HDF5: the fractal heap at byte ${at.position} is packed or empty; write the file anew with h5py`,
    );
  }
  const offsetBytes = Math.ceil(heapBits / 8);
  return {
    idLength,
    offsetBytes,
    lengthBytes: Math.ceil(Math.log2(Math.min(maxDirect, maxManaged) + 1) / 8),
    width,
    startSize,
    maxDirect,
    blockHeader: 4 + 1 + file.offsetSize + offsetBytes + (flags & 2 ? 4 : 0),
    root,
    rootRows,
  };
}

function objectOf(file: Hdf5Bytes, heap: FractalHeap, id: Cursor): Cursor {
  const kind = (id.u8() >> 4) & 3;
  if (kind === 2) {
    // A tiny object stands in its ID.
    return id;
  }
  if (kind !== 0) {
    throw new ModelFileError(
      `HDF5: an object of kind ${kind} in a fractal heap at byte ${id.position}, which is not read`,
    );
  }
  const offset = id.unsigned(heap.offsetBytes);
  return file.at(locate(file, heap, offset), "an object of a fractal heap");
}

/** Where an offset of the heap stands in the file. */
function locate(file: Hdf5Bytes, heap: FractalHeap, offset: number): number {
  let [address, rows, start] = [heap.root, heap.rootRows, 0];
  // Blocks get smaller with every step down.
  for (let step = 0; step < 64; step++) {
    if (rows === 0) {
      return file.atAddress(address, "a fractal heap").position + (offset - start);
    }
    const at = file.atAddress(address, "an indirect block");
    at.signature("FHIB");
    at.skip(1 + file.offsetSize + heap.offsetBytes);
    let found: { address: number | undefined; rows: number; start: number } | undefined;
    let blockStart = start;
    for (let row = 0; row < rows && found === undefined; row++) {
      const size = heap.startSize * 2 ** Math.max(0, row - 1);
      for (let column = 0; column < heap.width; column++) {
        const child = at.address();
        if (offset >= blockStart && offset < blockStart + size) {
          const direct = size <= heap.maxDirect;
          const childRows = direct ? 0 : Math.log2(size / (heap.startSize * heap.width)) + 1;
          found = { address: child, rows: childRows, start: blockStart };
          break;
        }
        blockStart += size;
      }
    }
    if (found?.address === undefined) {
      break;
    }
    ({ rows, start } = found);
    address = found.address;
  }
  throw new ModelFileError(`HDF5: a fractal heap has no object at ${offset}; the file is damaged`);
}

/** The heap IDs in a B-tree of version 2. */
function readIndex(file: Hdf5Bytes, address: number | undefined): Cursor[] {
  const at = file.atAddress(address, "an index of links or attributes");
  at.signature("BTHD");
  at.version([0]);
  const type = at.u8();
  const record = recordTypes[type];
  if (record === undefined) {
    throw new ModelFileError(
      `HDF5: an index of type ${type} at byte ${at.position}, which is not read; the file is damaged or newer`,
    );
  }
  const nodeSize = at.u32();
  const recordSize = at.u16();
  const depth = at.u16();
  at.skip(2);
  const root = at.address();
  const rootRecords = at.u16();
  const ids: Cursor[] = [];
  if (root === undefined || rootRecords === 0) {
    return ids;
  }
  if (depth > 16 || recordSize < record.before + record.idLength || nodeSize < recordSize) {
    throw new ModelFileError(
      `HDF5: an index at byte ${at.position} is ${depth} deep with records of ${recordSize} bytes; the file is damaged`,
    );
  }
  const overhead = 10;
  const counts = [Math.floor((nodeSize - overhead) / recordSize)];
  const totals = [counts[0]!];
  for (let level = 1; level <= depth; level++) {
    const pointer = pointerSize(file, level, counts[0]!, totals);
    const records = Math.floor((nodeSize - overhead - pointer) / (recordSize + pointer));
    counts.push(records);
    totals.push(records + (records + 1) * totals[level - 1]!);
  }
  const visit = (node: number | undefined, records: number, level: number): void => {
    const within = file.atAddress(node, "an index of links or attributes");
    within.signature(level === 0 ? "BTLF" : "BTIN");
    within.skip(2);
    for (let index = 0; index < records; index++) {
      const start = within.skip(recordSize);
      // Each record takes bytes of its own, unless the index leads in circles.
      if (ids.length * recordSize > file.bytes.length) {
        throw new ModelFileError(
          `HDF5: an index at byte ${at.position} has more records of ${recordSize} bytes than the file holds; it is damaged`,
        );
      }
      ids.push(file.at(start + record.before, "a heap ID"));
    }
    for (let index = 0; level > 0 && index <= records; index++) {
      const child = within.address();
      const childRecords = within.unsigned(byteCount(counts[0]!));
      within.skip(level > 1 ? byteCount(totals[level - 1]!) : 0);
      visit(child, childRecords, level - 1);
    }
  };
  visit(root, rootRecords, depth);
  return ids;
}

function pointerSize(file: Hdf5Bytes, level: number, leafRecords: number, totals: readonly number[]): number {
  return file.offsetSize + byteCount(leafRecords) + (level > 1 ? byteCount(totals[level - 1]!) : 0);
}

/** Bytes that a number up to `most` takes. */
function byteCount(most: number): number {
  return Math.max(1, Math.ceil(Math.log2(most + 1) / 8));
}
