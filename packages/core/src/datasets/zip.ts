import { crc32 } from "../crc32.js";
import { DatasetError } from "../errors.js";
import type { SizeLimit } from "./sizeLimit.js";
import type { Bytes } from "./store.js";
import { unpack } from "./unpack.js";

/** A file in a zip archive. */
interface ZipEntry {
  readonly name: string;
  /** 0: stored as it is, 8: deflated. */
  readonly method: number;
  readonly encrypted: boolean;
  readonly crc: number;
  readonly packedBytes: number;
  readonly unpackedBytes: number;
  readonly headerOffset: number;
}

const endSignature = 0x06054b50;
const entrySignature = 0x02014b50;
const localSignature = 0x04034b50;
/** The record at the end of an archive, before its comment of at most 65,535 bytes. */
const endBytes = 22;

/**
 * Reads the files of a zip archive (PKWARE's APPNOTE 6.3: stored or deflated, without encryption; up to 4 GB).
 *
 * @param wanted which files to unpack
 * @param limit what they may have together
 * @throws DatasetError for what is no zip archive, for files that are damaged, and for more bytes than declared or allowed
 */
export async function unzip(
  archive: Bytes,
  fileName: string,
  limit: SizeLimit,
  wanted: (name: string) => boolean = () => true,
): Promise<Map<string, Bytes>> {
  const entries = readDirectory(archive, fileName).filter(({ name }) => wanted(name));
  const declared = entries.reduce((sum, { unpackedBytes }) => sum + unpackedBytes, 0);
  if (declared > limit.bytes) {
    throw new DatasetError(
      `${fileName}: its ${archive.length} bytes unpack to ${declared}, as it declares, more than ${limit.bytes} bytes, ${limit.reason}; ${limit.remedy ?? "replace the file"}`,
    );
  }
  const files = new Map<string, Bytes>();
  for (const entry of entries) {
    files.set(entry.name, await readEntry(archive, entry, `${fileName}: ${entry.name}`));
  }
  return files;
}

async function readEntry(archive: Bytes, entry: ZipEntry, fileName: string): Promise<Bytes> {
  const { method, encrypted, crc, packedBytes, unpackedBytes, headerOffset } = entry;
  if (encrypted || (method !== 0 && method !== 8)) {
    const how = encrypted ? "encrypted" : `packed by method ${method}`;
    throw new DatasetError(`${fileName}: is ${how}, expected stored or deflated; pack it anew`);
  }
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const isHeader = headerOffset + 30 <= archive.length && view.getUint32(headerOffset, true) === localSignature;
  const start = isHeader
    ? headerOffset + 30 + view.getUint16(headerOffset + 26, true) + view.getUint16(headerOffset + 28, true)
    : Infinity;
  if (start + packedBytes > archive.length) {
    throw new DatasetError(
      `${fileName}: not at byte ${headerOffset}, where the directory has it; the archive is damaged`,
    );
  }
  const packed = archive.subarray(start, start + packedBytes);
  const reason = "as the archive's directory declares";
  const bytes =
    method === 0 ? packed : await unpack(packed, "deflate-raw", { fileName, limit: { bytes: unpackedBytes, reason } });
  if (bytes.length !== unpackedBytes || crc32(bytes) !== crc) {
    throw new DatasetError(
      `${fileName}: ${bytes.length} bytes with CRC-32 ${hex(crc32(bytes))}, the archive's directory declares ${unpackedBytes} with ${hex(crc)}; download it again`,
    );
  }
  return bytes;
}

function readDirectory(archive: Uint8Array, fileName: string): ZipEntry[] {
  const view = new DataView(archive.buffer, archive.byteOffset, archive.byteLength);
  const end = findEnd(view);
  if (end === undefined) {
    throw new DatasetError(`${fileName}: not a zip archive, or truncated (${archive.length} bytes)`);
  }
  const count = view.getUint16(end + 10, true);
  const directory = view.getUint32(end + 16, true);
  if (count === 0xffff || directory === 0xffffffff) {
    throw new DatasetError(`${fileName}: a ZIP64 archive, which cannot be read; pack it into smaller ones`);
  }
  const entries: ZipEntry[] = [];
  let at = directory;
  for (let index = 0; index < count; index++) {
    if (at + 46 > archive.length || view.getUint32(at, true) !== entrySignature) {
      throw new DatasetError(
        `${fileName}: byte ${at}: expected entry ${index + 1} of ${count} of the directory; damaged`,
      );
    }
    const nameBytes = view.getUint16(at + 28, true);
    entries.push({
      name: new TextDecoder().decode(archive.subarray(at + 46, at + 46 + nameBytes)),
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
