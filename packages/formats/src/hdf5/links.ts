import { ModelFileError } from "@convoy/core";
import { type Cursor, decodeText, type Hdf5Bytes } from "./bytes.js";
import { denseObjects } from "./denseStorage.js";
import { type Message, messageTypes } from "./objectHeader.js";

/** How deep a B-tree may be: each level has at least two entries. */
const maxDepth = 40;

/** Where the objects of a group stand, by name, in the order of the file. Links that lead out of the file are passed over. */
export function readLinks(file: Hdf5Bytes, messages: readonly Message[]): Map<string, number> {
  const links = new Map<string, number>();
  for (const { type, start } of messages) {
    if (type === messageTypes.symbolTable) {
      const at = file.at(start, "a symbol table message");
      const tree = at.address();
      readSymbolTree(file, tree, localHeap(file, at.address()), links, 0);
    } else if (type === messageTypes.link) {
      readLink(file.at(start, "a link"), links);
    } else if (type === messageTypes.linkInfo) {
      const at = file.at(start, "a link info message");
      at.version([0]);
      at.skip(at.u8() & 1 ? 8 : 0);
      const heap = at.address();
      const index = at.address();
      if (heap !== undefined) {
        for (const link of denseObjects(file, heap, index)) {
          readLink(link, links);
        }
      }
    }
  }
  return links;
}

function localHeap(file: Hdf5Bytes, address: number | undefined): (offset: number) => string {
  const at = file.atAddress(address, "a local heap");
  at.signature("HEAP");
  at.version([0]);
  at.skip(3);
  at.length();
  at.length();
  const data = at.address();
  return (offset) => {
    const name = file.atAddress(data, "a local heap");
    name.position += offset;
    return name.text();
  };
}

/** B-tree of version 1 with symbol table nodes as leaves. */
function readSymbolTree(
  file: Hdf5Bytes,
  address: number | undefined,
  name: (offset: number) => string,
  links: Map<string, number>,
  depth: number,
): void {
  const at = file.atAddress(address, "a group's B-tree");
  if (depth > maxDepth) {
    throw new ModelFileError(
      `HDF5: a group's B-tree at byte ${at.position} is deeper than ${maxDepth}; the file is damaged`,
    );
  }
  at.signature("TREE");
  at.skip(1);
  const level = at.u8();
  const count = at.u16();
  at.address();
  at.address();
  for (let index = 0; index < count; index++) {
    at.length();
    const child = at.address();
    if (level > 0) {
      readSymbolTree(file, child, name, links, depth + 1);
    } else {
      readSymbolNode(file, child, name, links);
    }
  }
}

function readSymbolNode(
  file: Hdf5Bytes,
  address: number | undefined,
  name: (offset: number) => string,
  links: Map<string, number>,
): void {
  const at = file.atAddress(address, "a symbol table node");
  at.signature("SNOD");
  at.version([1]);
  at.skip(1);
  const count = at.u16();
  for (let index = 0; index < count; index++) {
    const nameOffset = at.unsigned(file.offsetSize);
    const target = at.address();
    const cache = at.u32();
    at.skip(4 + 16);
    // 2 stands for a soft link.
    if (cache !== 2 && target !== undefined) {
      links.set(name(nameOffset), target);
    }
  }
}

function readLink(at: Cursor, links: Map<string, number>): void {
  at.version([1]);
  const flags = at.u8();
  const type = flags & 8 ? at.u8() : 0;
  at.skip((flags & 4 ? 8 : 0) + (flags & 16 ? 1 : 0));
  const length = at.unsigned(2 ** (flags & 3));
  const name = decodeText(at.take(length));
  at.file.allowName(length);
  if (type === 0) {
    const target = at.address();
    if (target !== undefined) {
      links.set(name, target);
    }
  }
}
