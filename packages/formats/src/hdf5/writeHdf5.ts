import { ArgumentError } from "@convoy/core";
import { Block } from "./block.js";
import { dataspace, float32Type, int64Type, integers, littleEndian } from "./storedNumbers.js";

/** A group to be written: attributes, and groups and datasets by name. */
export interface Hdf5Group {
  readonly attributes?: { readonly [name: string]: string | readonly string[] };
  readonly children?: { readonly [name: string]: Hdf5Group | Hdf5Dataset };
}

/** A dataset to be written: of float32, or counts of int64. */
export interface Hdf5Dataset {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  /** Whether its numbers are counts, which become integers; default false. */
  readonly counts?: boolean;
  readonly attributes?: { readonly [name: string]: string | readonly string[] };
}

/** Entries of a symbol table node, and children of a node of a group's B-tree, twice the numbers of the superblock. */
const leafEntries = 8;
const treeChildren = 32;

/** The longest message of an object header. */
const maxMessage = 65_000;

const undefinedAddress = 0xffff_ffff_ffff_ffffn;
const encoder = new TextEncoder();

/** Puts blocks one behind the other and says where they are. */
class Hdf5Writer {
  readonly #pieces: Uint8Array[] = [];
  #size = 96;

  place(bytes: Uint8Array): number {
    const address = this.#size;
    const padding = (8 - (bytes.length % 8)) % 8;
    this.#pieces.push(bytes);
    if (padding > 0) {
      this.#pieces.push(new Uint8Array(padding));
    }
    this.#size += bytes.length + padding;
    return address;
  }

  finish(root: GroupAddresses): Uint8Array {
    const block = new Block()
      .u8(0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a)
      .u8(0, 0, 0, 0, 0, 8, 8, 0)
      .u16(leafEntries / 2)
      .u16(treeChildren / 2)
      .u32(0)
      .u64(0)
      .u64(undefinedAddress)
      .u64(this.#size)
      .u64(undefinedAddress)
      .u64(0)
      .u64(root.header)
      .u32(1)
      .u32(0)
      .u64(root.tree)
      .u64(root.heap);
    const file = new Uint8Array(this.#size);
    file.set(block.done());
    let position = 96;
    for (const piece of this.#pieces) {
      file.set(piece, position);
      position += piece.length;
    }
    return file;
  }

  dataset({ data, shape, counts = false, attributes = {} }: Hdf5Dataset): number {
    const bytes = counts ? integers(data) : littleEndian(data);
    const size = bytes.length;
    const address = size === 0 ? undefinedAddress : BigInt(this.place(bytes));
    return this.#header([
      { type: 1, bytes: dataspace(shape) },
      { type: 3, bytes: counts ? int64Type() : float32Type() },
      { type: 5, bytes: new Block().u8(2, 2, 2, 1).u32(0).done() },
      { type: 8, bytes: new Block().u8(3, 1).u64(address).u64(size).done() },
      ...this.#attributes(attributes),
    ]);
  }

  group({ attributes = {}, children = {} }: Hdf5Group): GroupAddresses {
    const named = Object.entries(children).map(([name, child]) => ({
      name: encoder.encode(name),
      header: "data" in child ? this.dataset(child) : this.group(child).header,
    }));
    named.sort((a, b) => compareBytes(a.name, b.name));
    const names = new Block().zeros(8);
    const entries = named.map(({ name, header }) => {
      const offset = names.length;
      names.bytes(name).zeros(1).pad(8);
      return { offset, header };
    });
    const data = this.place(names.done());
    const heap = this.place(
      new Block().u8(0x48, 0x45, 0x41, 0x50, 0, 0, 0, 0).u64(names.length).u64(1).u64(data).done(),
    );
    const tree = this.#tree(entries);
    const header = this.#header([
      { type: 17, bytes: new Block().u64(tree).u64(heap).done() },
      ...this.#attributes(attributes),
    ]);
    return { header, tree, heap };
  }

  /** Symbol table nodes, and levels of B-tree nodes above them until there is one. */
  #tree(entries: readonly { readonly offset: number; readonly header: number }[]): number {
    let children = chunks(entries, leafEntries).map((group) => {
      const block = new Block().u8(0x53, 0x4e, 0x4f, 0x44, 1, 0).u16(group.length);
      for (const { offset, header } of group) {
        block.u64(offset).u64(header).u32(0).u32(0).zeros(16);
      }
      block.zeros((leafEntries - group.length) * 40);
      return { address: this.place(block.done()), last: group.at(-1)!.offset };
    });
    for (let level = 0; ; level++) {
      // The first key of a node is the last name before it.
      let before = 0;
      const nodes = (children.length === 0 ? [[]] : chunks(children, treeChildren)).map((group) => {
        const block = new Block()
          .u8(0x54, 0x52, 0x45, 0x45, 0, level)
          .u16(group.length)
          .u64(undefinedAddress)
          .u64(undefinedAddress)
          .u64(before);
        for (const { address, last } of group) {
          block.u64(address).u64(last);
          before = last;
        }
        block.zeros((treeChildren - group.length) * 16);
        return { bytes: block.done(), last: before };
      });
      children = this.#linked(nodes);
      if (children.length === 1) {
        return children[0]!.address;
      }
    }
  }

  /** Places nodes of a level, each naming its neighbours. */
  #linked(
    nodes: readonly { readonly bytes: Uint8Array; readonly last: number }[],
  ): { address: number; last: number }[] {
    const size = nodes[0]!.bytes.length;
    const first = this.#size;
    return nodes.map(({ bytes, last }, index) => {
      const view = new DataView(bytes.buffer, bytes.byteOffset);
      if (index > 0) {
        view.setBigUint64(8, BigInt(first + (index - 1) * size), true);
      }
      if (index < nodes.length - 1) {
        view.setBigUint64(16, BigInt(first + (index + 1) * size), true);
      }
      return { address: this.place(bytes), last };
    });
  }

  #attributes(attributes: NonNullable<Hdf5Group["attributes"]>): Message[] {
    return Object.entries(attributes).flatMap(([name, value]) =>
      typeof value === "string" ? [this.#longText(name, value)] : listMessages(name, value),
    );
  }

  /** A text of any length: it stands in a global heap of its own. */
  #longText(name: string, text: string): Message {
    const bytes = encoder.encode(text);
    const padded = Math.ceil(bytes.length / 8) * 8;
    const size = Math.max(4096, 16 + 16 + padded + 16);
    const block = new Block().u8(0x47, 0x43, 0x4f, 0x4c, 1, 0, 0, 0).u64(size);
    block.u16(1).u16(0).u32(0).u64(bytes.length).bytes(bytes).pad(8);
    const free = size - block.length;
    block
      .u16(0)
      .u16(0)
      .u32(0)
      .u64(free)
      .zeros(free - 16);
    const address = this.place(block.done());
    const type = new Block().u8(0x19, 1, 1, 0).u32(16).u8(0x10, 0, 0, 0).u32(1).u8(0, 0, 8, 0).done();
    return attribute(name, type, [], new Block().u32(bytes.length).u64(address).u32(1).done());
  }

  #header(messages: readonly Message[]): number {
    const body = new Block();
    for (const { type, bytes } of messages) {
      const size = Math.ceil(bytes.length / 8) * 8;
      body
        .u16(type)
        .u16(size)
        .u8(type === 3 ? 1 : 0, 0, 0, 0)
        .bytes(bytes)
        .pad(8);
    }
    const block = new Block().u8(1, 0).u16(messages.length).u32(1).u32(body.length).u32(0).bytes(body.done());
    return this.place(block.done());
  }
}

interface GroupAddresses {
  readonly header: number;
  readonly tree: number;
  readonly heap: number;
}

interface Message {
  readonly type: number;
  readonly bytes: Uint8Array;
}

function attribute(name: string, type: Uint8Array, shape: readonly number[], data: Uint8Array): Message {
  const label = encoder.encode(name);
  const space = dataspace(shape);
  const block = new Block()
    .u8(1, 0)
    .u16(label.length + 1)
    .u16(type.length)
    .u16(space.length);
  block.bytes(label).zeros(1).pad(8).bytes(type).pad(8).bytes(space).pad(8).bytes(data);
  return { type: 12, bytes: block.done() };
}

/** Texts of one length; a list that is too long for a message as name0, name1, ..., as Keras cuts it. */
function listMessages(name: string, texts: readonly string[]): Message[] {
  const encoded = texts.map((text) => encoder.encode(text));
  const width = Math.max(1, ...encoded.map(({ length }) => length));
  if (width > maxMessage) {
    throw new ArgumentError(`HDF5: a name in ${name} has ${width} bytes; use names of less than ${maxMessage}`);
  }
  const perPart = Math.floor(maxMessage / width);
  const parts = encoded.length <= perPart ? [encoded] : chunks(encoded, perPart);
  const type = new Block().u8(0x13, 0x11, 0, 0).u32(width).done();
  return parts.map((part, index) => {
    const block = new Block();
    for (const text of part) {
      block.bytes(text).zeros(width - text.length);
    }
    return attribute(parts.length === 1 ? name : `${name}${index}`, type, [part.length], block.done());
  });
}

function chunks<T>(list: readonly T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, index) =>
    list.slice(index * size, (index + 1) * size),
  );
}

function compareBytes(a: Uint8Array, b: Uint8Array): number {
  const differs = a.findIndex((byte, index) => byte !== b[index]);
  return differs < 0 ? a.length - b.length : (a[differs] ?? -1) - (b[differs] ?? -1);
}

/** An HDF5 file with this root group, as its oldest version has it: every program reads that. */
export function writeHdf5(root: Hdf5Group): Uint8Array {
  const writer = new Hdf5Writer();
  return writer.finish(writer.group(root));
}
