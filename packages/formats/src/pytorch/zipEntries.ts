import { ModelFileError } from "@convoy/core";
import { Inflate } from "fflate";

/** A file within a zip archive. */
export interface ZipEntry {
  readonly name: string;
  readonly compressed: boolean;
  readonly size: number;
  /** As it lies in the archive: a part of the archive's memory. */
  readonly packed: Uint8Array;
}

const signatures = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 } as const;

/** The longest comment behind the end of an archive. */
const maxComment = 65_535;

function damaged(at: number, what: string): ModelFileError {
  return new ModelFileError(`zip archive, byte ${at}: ${what}. The file is damaged or cut off; download it again`);
}

/** Whether bytes begin like a zip archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes.length >= 4 && bytes[0] === 0x50 && bytes[1] === 0x4b && bytes[2]! <= 5;
}

/** Lists the files of a zip archive (PKWARE's APPNOTE 4.3) without unpacking any. Throws `ModelFileError` for damaged ones. */
export function zipEntries(bytes: Uint8Array): ZipEntry[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const end = endRecord(view);
  const count = view.getUint16(end + 10, true);
  let at = view.getUint32(end + 16, true);
  if (count === 0xffff || at === 0xffffffff) {
    throw damaged(end, "an archive of more than 4 GiB (zip64), which is not read");
  }
  const entries: ZipEntry[] = [];
  for (let index = 0; index < count; index++) {
    if (at + 46 > end || view.getUint32(at, true) !== signatures.central) {
      throw damaged(at, `entry ${index} of ${count} is not there`);
    }
    const [flags, method] = [view.getUint16(at + 8, true), view.getUint16(at + 10, true)];
    const [packedSize, size] = [view.getUint32(at + 20, true), view.getUint32(at + 24, true)];
    const [nameLength, extraLength] = [view.getUint16(at + 28, true), view.getUint16(at + 30, true)];
    const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + nameLength));
    if ((flags & 1) === 1 || (method !== 0 && method !== 8) || (method === 0 && packedSize !== size)) {
      throw damaged(at, `"${name}" is encrypted or packed by method ${method}, which is not read`);
    }
    const start = contentStart(view, view.getUint32(at + 42, true), name);
    if (start + packedSize > bytes.length) {
      throw damaged(at, `"${name}" has ${packedSize} bytes from ${start} on, behind the end of the file`);
    }
    entries.push({ name, compressed: method === 8, size, packed: bytes.subarray(start, start + packedSize) });
    at += 46 + nameLength + extraLength + view.getUint16(at + 32, true);
  }
  return entries;
}

function endRecord(view: DataView): number {
  for (let at = view.byteLength - 22; at >= Math.max(0, view.byteLength - 22 - maxComment); at--) {
    if (view.getUint32(at, true) === signatures.end) {
      return at;
    }
  }
  throw damaged(view.byteLength, "the archive's directory is missing");
}

/** The lengths of name and extra field before the content may differ from those in the directory. */
function contentStart(view: DataView, local: number, name: string): number {
  if (local + 30 > view.byteLength || view.getUint32(local, true) !== signatures.local) {
    throw damaged(local, `"${name}" does not begin there`);
  }
  return local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
}

/** The content of an entry. Throws where it unpacks to more than it says. */
export function unpack({ name, compressed, size, packed }: ZipEntry): Uint8Array {
  if (!compressed) {
    return packed;
  }
  // Deflate makes at most 1032 bytes of one.
  if (size > packed.length * 1032 + 64) {
    throw damaged(0, `"${name}" would unpack ${packed.length} bytes to ${size}`);
  }
  const content = new Uint8Array(size);
  let filled = 0;
  const inflate = new Inflate((chunk) => {
    if (filled + chunk.length > size) {
      throw damaged(0, `"${name}" unpacks to more than the ${size} bytes that it says`);
    }
    content.set(chunk, filled);
    filled += chunk.length;
  });
  try {
    for (let at = 0; at < packed.length; at += 65_536) {
      inflate.push(packed.subarray(at, at + 65_536), at + 65_536 >= packed.length);
    }
  } catch (error) {
    throw error instanceof ModelFileError ? error : damaged(0, `"${name}" cannot be unpacked: ${String(error)}`);
  }
  if (filled !== size) {
    throw damaged(0, `"${name}" unpacks to ${filled} bytes of ${size}`);
  }
  return content;
}
