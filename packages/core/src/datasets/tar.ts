import { DatasetError } from "../errors.js";
import type { Bytes } from "./store.js";

const blockBytes = 512;

/** What to take out of an archive. */
export interface UntarOptions {
  /** What errors call the archive. */
  readonly fileName: string;
  /** Files to keep by their names without folders, and the bytes that each may have. All others are passed over. */
  readonly wanted: ReadonlyMap<string, number>;
  /** Bytes that the whole archive may have unpacked. */
  readonly maxBytes: number;
}

/**
 * Takes files out of a tar archive (POSIX.1-1988 ustar and its forerunners) as it streams by: no more of it is in memory than
 * the files that are wanted.
 *
 * @returns the files by name without folders
 * @throws DatasetError for what is no tar archive, one that is truncated, and files larger than they may be
 */
export async function untar(
  chunks: AsyncIterable<Uint8Array>,
  { fileName, wanted, maxBytes }: UntarOptions,
): Promise<Map<string, Bytes>> {
  const input = new BlockReader(chunks, fileName, maxBytes);
  const found = new Map<string, Bytes>();
  try {
    await readArchive(input, found, fileName, wanted);
  } finally {
    await input.close();
  }
  return found;
}

async function readArchive(
  input: BlockReader,
  found: Map<string, Bytes>,
  fileName: string,
  wanted: ReadonlyMap<string, number>,
): Promise<void> {
  for (;;) {
    const at = input.offset;
    const header = await input.take(blockBytes);
    // The archive ends with two blocks of zeros; some end without.
    if (header === undefined || header.every((byte) => byte === 0)) {
      return;
    }
    const { name, size, isFile } = readHeader(header, `${fileName}: byte ${at}`);
    const limit = isFile ? wanted.get(name) : undefined;
    if (limit !== undefined && size > limit) {
      throw new DatasetError(
        `${fileName}: its file ${name} has ${size} bytes, expected at most ${limit}; replace the archive`,
      );
    }
    if (limit === undefined) {
      await input.skip(size);
    } else {
      found.set(name, await input.fill(size, name));
    }
    await input.skip((blockBytes - (size % blockBytes)) % blockBytes);
  }
}

function readHeader(header: Uint8Array, where: string): { name: string; size: number; isFile: boolean } {
  const text = (start: number, end: number): string => {
    const field = header.subarray(start, end);
    const stop = field.indexOf(0);
    return new TextDecoder().decode(stop < 0 ? field : field.subarray(0, stop)).trim();
  };
  // The sum of the header's bytes, those of the sum itself counted as spaces.
  const sum = header.reduce((total, byte, index) => total + (index >= 148 && index < 156 ? 32 : byte), 0);
  const size = Number.parseInt(text(124, 136), 8);
  if (Number.parseInt(text(148, 156), 8) !== sum || !Number.isSafeInteger(size)) {
    throw new DatasetError(`${where}: expected the header of a file in a tar archive; not a tar archive, or damaged`);
  }
  const path = text(0, 100);
  return { name: path.slice(path.lastIndexOf("/") + 1), size, isFile: [0, 48, 55].includes(header[156] as number) };
}

/** Reads a stream in pieces of the sizes that are wanted. */
class BlockReader {
  readonly #chunks: AsyncIterator<Uint8Array>;
  readonly #fileName: string;
  readonly #maxBytes: number;
  #chunk: Uint8Array = new Uint8Array(0);
  /** Bytes taken so far. */
  offset = 0;

  constructor(chunks: AsyncIterable<Uint8Array>, fileName: string, maxBytes: number) {
    this.#chunks = chunks[Symbol.asyncIterator]();
    this.#fileName = fileName;
    this.#maxBytes = maxBytes;
  }

  /** The next bytes; undefined at the end. */
  async take(length: number): Promise<Uint8Array | undefined> {
    return (await this.#more()) ? await this.fill(length, "a header") : undefined;
  }

  async fill(length: number, what: string): Promise<Bytes> {
    const bytes = new Uint8Array(length);
    for (let filled = 0; filled < length; ) {
      const part = await this.#next(length - filled, what);
      bytes.set(part, filled);
      filled += part.length;
    }
    return bytes;
  }

  async skip(length: number): Promise<void> {
    for (let left = length; left > 0; ) {
      left -= (await this.#next(left, "a file that is passed over")).length;
    }
  }

  async close(): Promise<void> {
    await this.#chunks.return?.();
  }

  async #next(atMost: number, what: string): Promise<Uint8Array> {
    if (!(await this.#more())) {
      throw new DatasetError(
        `${this.#fileName}: ends at byte ${this.offset}, within ${what}; truncated, download it again`,
      );
    }
    const part = this.#chunk.subarray(0, atMost);
    this.#chunk = this.#chunk.subarray(part.length);
    this.offset += part.length;
    if (this.offset > this.#maxBytes) {
      throw new DatasetError(
        `${this.#fileName}: unpacks to more than ${this.#maxBytes} bytes (stopped after ${this.offset}), expected no more; replace the archive`,
      );
    }
    return part;
  }

  async #more(): Promise<boolean> {
    while (this.#chunk.length === 0) {
      const { value, done } = await this.#chunks.next();
      if (done) {
        return false;
      }
      this.#chunk = value;
    }
    return true;
  }
}
