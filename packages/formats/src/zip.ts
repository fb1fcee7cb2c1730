import { ModelFileError } from "@convoy/core";
import { checkUnpacked, packedContent, type ZipEntry, zipEntries } from "@convoy/core/datasets";
import { expansion, inflateWithin } from "./inflate.js";

const damaged = (problem: string): ModelFileError => new ModelFileError(`zip: ${problem}`);

/** Whether bytes begin like a zip archive. */
export function isZip(bytes: Uint8Array): boolean {
  return bytes[0] === 0x50 && bytes[1] === 0x4b && (bytes[2] === 3 || bytes[2] === 5);
}

/** A zip archive of which files are unpacked when they are wanted. */
export class ZipArchive {
  readonly #bytes: Uint8Array;
  readonly #entries: ReadonlyMap<string, ZipEntry>;
  #left: number;

  /** Reads the directory. Throws `ModelFileError` for damaged archives, and for those of more than 4 GiB (zip64). */
  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#left = bytes.length * expansion.perByte + expansion.small;
    this.#entries = new Map(zipEntries(bytes, damaged).map((entry) => [entry.name, entry]));
  }

  get names(): readonly string[] {
    return [...this.#entries.keys()];
  }

  has(name: string): boolean {
    return this.#entries.has(name);
  }

  /** The content of a file. Throws `ModelFileError` where there is none, it is damaged, or grows to more than the archive justifies. */
  read(name: string): Uint8Array {
    const entry = this.#entries.get(name);
    if (entry === undefined) {
      throw damaged(`there is no ${name} in the archive, which holds ${this.names.slice(0, 10).join(", ")}`);
    }
    const packed = packedContent(this.#bytes, entry, damaged);
    const { unpackedBytes } = entry;
    this.#left -= unpackedBytes;
    if (this.#left < 0) {
      throw damaged(
        `${name} would unpack to ${unpackedBytes} bytes, more than an archive of ${this.#bytes.length} bytes justifies; ` +
          "it is damaged, or packed so tightly that it has to be stored anew",
      );
    }
    const content = entry.method === 0 ? packed : inflateWithin(packed, unpackedBytes, `zip: ${name}`);
    checkUnpacked(entry, content, damaged);
    return content;
  }
}
