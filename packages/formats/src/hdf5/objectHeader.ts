import { ModelFileError } from "@convoy/core";
import type { Cursor, Hdf5Bytes } from "./bytes.js";

/** A message of an object header: what it is about, and where it stands. */
export interface Message {
  readonly type: number;
  readonly flags: number;
  readonly start: number;
  readonly size: number;
}

/** Types of messages, by the numbers of the HDF5 file format specification, IV.A.2. */
export const messageTypes = {
  dataspace: 1,
  linkInfo: 2,
  datatype: 3,
  fillValue: 5,
  link: 6,
  layout: 8,
  filters: 11,
  attribute: 12,
  continuation: 16,
  symbolTable: 17,
  attributeInfo: 21,
} as const;

const signature = [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a];

/** Whether bytes begin like an HDF5 file. */
export function isHdf5(bytes: Uint8Array): boolean {
  return signature.every((byte, index) => bytes[index] === byte);
}

/** Address of the root group's header, from the superblock; notes the sizes of addresses and lengths. */
export function readSuperblock(file: Hdf5Bytes): number {
  const { bytes } = file;
  // It may stand behind a block of the user's: at 0, 512, 1024, ...
  let start = 0;
  while (start < bytes.length && !isHdf5(bytes.subarray(start, start + 8))) {
    start = start === 0 ? 512 : start * 2;
  }
  if (start >= bytes.length) {
    throw new ModelFileError(
      "HDF5: the file does not begin with the signature of HDF5; it is damaged or another format",
    );
  }
  const at = file.at(start + 8, "the superblock");
  const version = at.version([0, 1, 2, 3]);
  if (version < 2) {
    at.skip(4);
    file.offsetSize = sizeOption(at);
    file.lengthSize = sizeOption(at);
    at.skip(1 + 4 + 4 + (version === 1 ? 4 : 0));
    file.base = start + (at.address() ?? 0);
    at.address();
    at.address();
    at.address();
    at.address();
    return expectAddress(at.address());
  }
  file.offsetSize = sizeOption(at);
  file.lengthSize = sizeOption(at);
  at.skip(1);
  file.base = start + (at.address() ?? 0);
  at.address();
  at.address();
  return expectAddress(at.address());
}

function sizeOption(at: Cursor): number {
  const start = at.position;
  const size = at.u8();
  if (![2, 4, 8].includes(size)) {
    throw new ModelFileError(
      `HDF5: addresses or lengths of ${size} bytes at byte ${start}, expected 2, 4 or 8; the file is damaged`,
    );
  }
  return size;
}

function expectAddress(address: number | undefined): number {
  if (address === undefined) {
    throw new ModelFileError("HDF5: the superblock names no root group; the file is damaged");
  }
  return address;
}

/** Most messages of an object: names of hundreds of links and attributes may stand in one header. */
const maxMessages = 20_000;

/** Blocks of a header, each once: damaged ones lead in circles. */
class Blocks {
  readonly #waiting: { readonly start: number; readonly size: number }[] = [];
  readonly #seen = new Set<number>();

  add(start: number, size: number): void {
    if (this.#seen.has(start)) {
      throw new ModelFileError(
        `HDF5: the object header at byte ${start} goes on where it has been before; the file is damaged`,
      );
    }
    this.#seen.add(start);
    this.#waiting.push({ start, size });
  }

  next(): { readonly start: number; readonly size: number } | undefined {
    return this.#waiting.shift();
  }
}

function note(messages: Message[], message: Message): void {
  if (messages.length >= maxMessages) {
    throw new ModelFileError(
      `HDF5: an object header at byte ${message.start} has more than ${maxMessages} messages; the file is damaged`,
    );
  }
  messages.push(message);
}

/** The messages of an object, continuations included. */
export function readMessages(file: Hdf5Bytes, address: number): Message[] {
  const at = file.atAddress(address, "an object header");
  return file.bytes[at.position] === 0x4f ? secondVersion(file, at) : firstVersion(file, at);
}

function firstVersion(file: Hdf5Bytes, at: Cursor): Message[] {
  at.version([1]);
  at.skip(1);
  const count = at.u16();
  at.skip(4);
  const size = at.u32();
  at.skip(4);
  const messages: Message[] = [];
  const blocks = new Blocks();
  blocks.add(at.position, size);
  for (let block = blocks.next(); block !== undefined; block = blocks.next()) {
    const within = file.at(block.start, "an object header");
    const end = block.start + block.size;
    while (within.position + 8 <= end && messages.length < count) {
      const type = within.u16();
      const length = within.u16();
      const flags = within.u8();
      within.skip(3);
      const start = within.skip(length);
      note(messages, { type, flags, start, size: length });
      if (type === messageTypes.continuation) {
        const next = continuation(file, start);
        blocks.add(next.start, next.size);
      }
    }
  }
  return messages;
}

function continuation(file: Hdf5Bytes, start: number): { start: number; size: number } {
  const at = file.at(start, "the continuation of an object header");
  const address = at.address();
  const size = at.length();
  return { start: file.atAddress(address, "the continuation of an object header").position, size };
}

function secondVersion(file: Hdf5Bytes, at: Cursor): Message[] {
  at.signature("OHDR");
  at.version([2]);
  const flags = at.u8();
  at.skip((flags & 0x20 ? 16 : 0) + (flags & 0x10 ? 4 : 0));
  const size = at.unsigned(2 ** (flags & 3));
  const ordered = (flags & 4) !== 0;
  const messages: Message[] = [];
  const blocks = new Blocks();
  blocks.add(at.position, size);
  for (let block = blocks.next(); block !== undefined; block = blocks.next()) {
    const within = file.at(block.start, "an object header");
    const end = block.start + block.size;
    while (within.position + 4 + (ordered ? 2 : 0) <= end) {
      const type = within.u8();
      const length = within.u16();
      const messageFlags = within.u8();
      within.skip(ordered ? 2 : 0);
      const start = within.skip(length);
      note(messages, { type, flags: messageFlags, start, size: length });
      if (type === messageTypes.continuation) {
        const next = continuation(file, start);
        // Signature in front, checksum behind.
        file.at(next.start, "the continuation of an object header").signature("OCHK");
        blocks.add(next.start + 4, next.size - 8);
      }
    }
  }
  return messages;
}
