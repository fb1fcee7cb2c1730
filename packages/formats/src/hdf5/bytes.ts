import { ModelFileError } from "@convoy/core";
import { expansion } from "../inflate.js";

/** How many bytes may be looked at, for each byte of the file: damaged files that lead in circles end there. */
const workPerByte = 16;

/** How many bytes numbers may take that are not compressed, for each byte of the file: as many as one of a byte takes here. */
const plainPerByte = 4;

/** How many bytes of names may be kept, for each byte of the file. */
const namesPerByte = 1;

/** What small files may take beside. */
const small = 2 ** 16;

/** The bytes of an HDF5 file, read in order and never beyond their end. Numbers are little-endian, as everywhere in HDF5. */
export class Hdf5Bytes {
  readonly bytes: Uint8Array;
  readonly #view: DataView;
  /** Size of addresses in the file, in bytes. */
  offsetSize = 8;
  /** Size of lengths in the file, in bytes. */
  lengthSize = 8;
  /** What addresses are counted from. */
  base = 0;
  #workLeft: number;
  /** What numbers may still take that are not compressed, and those that are. */
  #plainLeft: number;
  #unpackLeft: number;
  #namesLeft: number;

  /** @param source bytes of the archive that the file was unpacked from; default its own */
  constructor(bytes: Uint8Array, source: number = bytes.length) {
    this.bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.#workLeft = bytes.length * workPerByte + 2 ** 20;
    // What an archive unpacks to is no reason to unpack as much again.
    this.#plainLeft = Math.min(bytes.length * plainPerByte, source * expansion.perByte);
    this.#plainLeft += source === bytes.length ? small : expansion.small;
    this.#unpackLeft = source * expansion.perByte + expansion.small;
    this.#namesLeft = bytes.length * namesPerByte + small;
  }

  /** A place to read from. Throws `ModelFileError` where the file ends before it. */
  at(position: number, what: string): Cursor {
    return new Cursor(this, this.#view, position, what);
  }

  /** A place by its address in the file. */
  atAddress(address: number | undefined, what: string): Cursor {
    if (address === undefined) {
      throw new ModelFileError(`HDF5: ${what} has no address; the file is damaged`);
    }
    return this.at(this.base + address, what);
  }

  /** Counts work. Throws where it is more than the file can need. */
  spend(count: number, what: string): void {
    this.#workLeft -= count;
    if (this.#workLeft < 0) {
      throw new ModelFileError(
        `HDF5: reading ${what} takes more than ${this.bytes.length} bytes can hold; the file is damaged or refers to itself in circles`,
      );
    }
  }

  /** Counts what numbers take in memory. Throws where that is more than the length of the file justifies. */
  allow(count: number, what: string, compressed = false): void {
    const left = (compressed ? this.#unpackLeft : this.#plainLeft) - count;
    if (!(left >= 0)) {
      throw new ModelFileError(
        `HDF5: ${what} would take ${count} bytes, more than a file of ${this.bytes.length} bytes justifies; it is damaged` +
          (compressed ? ", or packed so tightly that it has to be written anew without compression" : ""),
      );
    }
    if (compressed) {
      this.#unpackLeft = left;
    } else {
      this.#plainLeft = left;
    }
  }

  /** Counts names that are kept: hostile files let many of them overlap. */
  allowName(length: number): void {
    this.#namesLeft -= length;
    if (this.#namesLeft < 0) {
      throw new ModelFileError(
        `HDF5: names take more than the ${this.bytes.length} bytes of the file hold; it is damaged`,
      );
    }
  }
}

/** A place in the file, and how to read on from there. */
export class Cursor {
  readonly file: Hdf5Bytes;
  readonly #view: DataView;
  readonly #what: string;
  position: number;

  constructor(file: Hdf5Bytes, view: DataView, position: number, what: string) {
    this.file = file;
    this.#view = view;
    this.position = position;
    this.#what = what;
  }

  /** Moves on by `count` bytes and returns where it was. Throws where the file ends before. */
  skip(count: number): number {
    const start = this.position;
    if (!(start >= 0 && count >= 0 && start + count <= this.file.bytes.length)) {
      throw new ModelFileError(
        `HDF5: ${this.#what} at byte ${start} needs ${count} bytes, but the file ends at byte ${this.file.bytes.length}; ` +
          "it is truncated or damaged",
      );
    }
    this.file.spend(count, this.#what);
    this.position = start + count;
    return start;
  }

  u8(): number {
    return this.#view.getUint8(this.skip(1));
  }

  u16(): number {
    return this.#view.getUint16(this.skip(2), true);
  }

  u32(): number {
    return this.#view.getUint32(this.skip(4), true);
  }

  /** A number of `size` bytes; Infinity where it is larger than 2^53. */
  unsigned(size: number): number {
    const start = this.skip(size);
    let value = 0;
    for (let index = size - 1; index >= 0; index--) {
      value = value * 256 + this.#view.getUint8(start + index);
    }
    return Number.isSafeInteger(value) ? value : Infinity;
  }

  length(): number {
    return this.unsigned(this.file.lengthSize);
  }

  /** An address; undefined where all its bits are set. */
  address(): number | undefined {
    const value = this.unsigned(this.file.offsetSize);
    return value === 2 ** (8 * this.file.offsetSize) - 1 || value === Infinity ? undefined : value;
  }

  /** The bytes themselves, not copied. */
  take(count: number): Uint8Array {
    const start = this.skip(count);
    return this.file.bytes.subarray(start, start + count);
  }

  /** Throws unless these letters follow. */
  signature(letters: string): void {
    const start = this.position;
    const found = String.fromCharCode(...this.take(letters.length));
    if (found !== letters) {
      throw new ModelFileError(
        `HDF5: ${this.#what} at byte ${start} begins with ${JSON.stringify(found)}, expected "${letters}"; the file is damaged`,
      );
    }
  }

  /** A text that ends with a zero byte. */
  text(): string {
    const { bytes } = this.file;
    const end = bytes.indexOf(0, this.position);
    if (end < 0) {
      throw new ModelFileError(`HDF5: ${this.#what} at byte ${this.position} does not end; the file is damaged`);
    }
    this.file.allowName(end - this.position);
    const text = decodeText(this.take(end - this.position));
    this.skip(1);
    return text;
  }

  version(known: readonly number[]): number {
    const start = this.position;
    const version = this.u8();
    if (!known.includes(version)) {
      throw new ModelFileError(
        `HDF5: ${this.#what} at byte ${start} has version ${version}, known are ${known.join(", ")}; the file is damaged or newer`,
      );
    }
    return version;
  }
}

const decoder = new TextDecoder();

/** Text from UTF-8, up to the first zero byte. */
export function decodeText(bytes: Uint8Array): string {
  const end = bytes.indexOf(0);
  return decoder.decode(end < 0 ? bytes : bytes.subarray(0, end));
}
