import { ModelFileError } from "@convoy/core";
import { crc32 } from "@convoy/core/datasets";
import { expansion, inflateWithin } from "./inflate.js";

/** Directory at the end, entries of the directory, and heads in front of files. PKWARE's APPNOTE 4.3. */
const signatures = { end: 0x06054b50, central: 0x02014b50, local: 0x04034b50 } as const;

/** The longest comment behind the end of an archive. */
const maxComment = 65_535;

/** Whether bytes begin like a zip archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/** A zip archive of which files are unpacked when they are wanted. */
export class ZipArchive {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #entries = new Map<string, number>();
  #left: number;

  /** Reads the directory. Throws `ModelFileError` for damaged archives, and for those of more than 4 GiB (zip64). */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#left = bytes.length * expansion.perByte + expansion.small;
    const end = this.#findEnd();
    const count = this.#view.getUint16(end + 10, true);
    let at = this.#view.getUint32(end + 16, true);
    if (count === 0xffff || at === 0xffffffff) {
      throw new ModelFileError("zip: an archive of more than 4 GiB (zip64), which is not read");
    }
    for (let index = 0; index < count; index++) {
      if (at + 46 > end || this.#view.getUint32(at, true) !== signatures.central) {
        throw new ModelFileError(
          `zip: entry ${index} of ${count} is not at byte ${at}; the file is truncated or damaged`,
        );
      }
      const length = this.#view.getUint16(at + 28, true);
      const name = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + length));
      this.#entries.set(name.replaceAll("\\", "/"), at);
      at += 46 + length + this.#view.getUint16(at + 30, true) + this.#view.getUint16(at + 32, true);
    }
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The content of a file. Throws `ModelFileError` where there is none, it is damaged, or grows to more than the archive justifies. */
  read(name: string): Uint8Array {
    const at = this.#entries.get(name);
    if (at === undefined) {
      throw new ModelFileError(
        `zip: there is no ${name} in the archive, which holds ${this.names.slice(0, 10).join(", ")}`,
      );
    }
    const flags = this.#view.getUint16(at + 8, true);
    const method = this.#view.getUint16(at + 10, true);
    const checksum = this.#view.getUint32(at + 16, true);
    const packedSize = this.#view.getUint32(at + 20, true);
    const size = this.#view.getUint32(at + 24, true);
    if ((flags & 1) !== 0 || (method !== 0 && method !== 8)) {
      throw new ModelFileError(
        `zip: ${name} is encrypted or packed by method ${method}; stored and deflated files are read`,
      );
    }
    const start = this.#contentStart(this.#view.getUint32(at + 42, true), name);
    if (start + packedSize > this.#bytes.length || (method === 0 && packedSize !== size)) {
      throw new ModelFileError(
        `zip: ${name} has ${packedSize} bytes from byte ${start} on, which are not all there; the file is truncated or damaged`,
      );
    }
    this.#left -= size;
    if (this.#left < 0) {
      throw new ModelFileError(
        `zip: ${name} would unpack to ${size} bytes, more than an archive of ${this.#bytes.length} bytes justifies; ` +
          "it is damaged, or packed so tightly that it has to be stored anew",
      );
    }
    const packed = this.#bytes.subarray(start, start + packedSize);
    const content = method === 0 ? packed : inflateWithin(packed, size, `zip: ${name}`);
    if (content.length !== size || crc32(content) !== checksum) {
      throw new ModelFileError(`zip: ${name} is not what its checksum says; the file is damaged`);
    }
    return content;
  }

  #findEnd(): number {
    const { byteLength } = this.#view;
    for (let at = byteLength - 22; at >= Math.max(0, byteLength - 22 - maxComment); at--) {
      if (this.#view.getUint32(at, true) === signatures.end) {
        return at;
      }
    }
    throw new ModelFileError("zip: the archive's directory is missing at its end; the file is truncated or damaged");
  }

  /** The lengths of name and extra field before the content may differ from those in the directory. */
  #contentStart(local: number, name: string): number {
    if (local + 30 > this.#view.byteLength || this.#view.getUint32(local, true) !== signatures.local) {
      throw new ModelFileError(`zip: ${name} does not begin at byte ${local}; the file is damaged`);
    }
    return local + 30 + this.#view.getUint16(local + 26, true) + this.#view.getUint16(local + 28, true);
  }
}
