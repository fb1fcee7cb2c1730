import { crc32 } from "../crc32.js";

/** A file in a zip archive, as the archive's directory has it. */
export interface ZipEntry {
  /** Its path, with slashes. */
  readonly name: string;
  /** 0: stored as it is, 8: deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  /** Where its own header begins, of which content follows. */
  readonly headerOffset: number;
}

/** Makes the error of what is wrong with an archive, from what is wrong. */
export type ZipError = (problem: string) => Error;

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
/** The record at the end of an archive, before its comment of at most 65,535 bytes. */
const endBytes = 22;

/**
 * The files of a zip archive, from the directory at its end (PKWARE's APPNOTE 6.3, up to 4 GB). Takes memory by the entries that are
 * there, not by the number that is announced. Throws what `error` makes for what is no zip archive, or damaged, or zip64.
 */
export function zipEntries(archive: Uint8Array, error: ZipError): ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = findEnd(view);
  if (end === undefined) {
    throw error(
      `not a zip archive, or truncated (${archive.length} bytes): there is no directory at its end; get it again`,
    );
  }
  const count = view.getUint16(end + 10, true);
  const directory = view.getUint32(end + 16, true);
  if (count === 0xffff || directory === 0xffffffff) {
    throw error("a ZIP64 archive, for more than 4 GB or 65,535 files, which cannot be read; pack it into smaller ones");
  }
  const entries: ZipEntry[] = [];
  let at = directory;
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || view.getUint32(at, true) !== entrySignature) {
      throw error(`byte ${at}: expected entry ${index + 1} of ${count} of the directory; truncated or damaged`);
    }
    const nameBytes = view.getUint16(at + 28, true);
    const name = new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameBytes));
    entries.push({
      name: name.replaceAll("\\", "/"),
      method: view.getUint16(at + 10, true),
      encrypted: (view.getUint16(at + 8, true) & 1) === 1,
      crc: view.getUint32(at + 16, true),
      packedBytes: view.getUint32(at + 20, true),
      unpackedBytes: view.getUint32(at + 24, true),
      headerOffset: view.getUint32(at + 42, true),
    });
    at += 46 + nameBytes + view.getUint16(at + 30, true) + view.getUint16(at + 32, true);
  }
  return entries;
}

/** The bytes of a file as they are packed: a part of the archive. Throws what `error` makes where they cannot be had. */
export function packedContent(archive: Uint8Array, entry: ZipEntry, error: ZipError): Uint8Array {
  const { name, method, encrypted, packedBytes, unpackedBytes, headerOffset } = entry;
  if (encrypted || (method !== 0 && method !== 8)) {
    const how = encrypted ? "encrypted" : `packed by method ${method}`;
    throw error(`${name} is ${how}, expected stored or deflated; pack it anew`);
  }
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const isHeader = headerOffset + 30 <= archive.length && view.getUint32(headerOffset, true) === localSignature;
  if (!isHeader) {
    throw error(`${name} is not at byte ${headerOffset}, where the directory has it; the archive is damaged`);
  }
  // The lengths of name and extra field before the content may differ from those in the directory.
  const names = view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true);
  const start = headerOffset + 30 + names;
  if (start + packedBytes > archive.length || (method === 0 && packedBytes !== unpackedBytes)) {
    throw error(
      `${name} has ${packedBytes} bytes from byte ${start} on, which are not all there; the archive is truncated or damaged`,
    );
  }
  return archive.subarray(start, start + packedBytes);
}

/** Throws what `error` makes unless unpacked content has the size and the CRC-32 that the directory says. */
export function checkUnpacked({ name, crc, unpackedBytes }: ZipEntry, content: Uint8Array, error: ZipError): void {
  const own = crc32(content);
  if (content.length !== unpackedBytes || own !== crc) {
    throw error(
      `${name} has ${content.length} bytes with the checksum (CRC-32) ${hex(own)}, the archive's directory declares ${unpackedBytes} ` +
        `with ${hex(crc)}; it is damaged: get it again`,
    );
  }
}

/** Where the record at the end begins: a comment of any length may follow it. */
function findEnd(view: DataView): number | undefined {
  const first = Math.max(0, view.byteLength - endBytes - 0xffff);
  for (let at = view.byteLength - endBytes; at >= first; at--) {
    if (view.getUint32(at, true) === endSignature) {
      return at;
    }
  }
  return undefined;
}

function hex(value: number): string {
  return value.toString(16).padStart(8, "0");
}
