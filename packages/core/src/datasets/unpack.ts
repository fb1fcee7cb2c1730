import { DatasetError } from "../errors.js";
import { remedyOf, type SizeLimit } from "./sizeLimit.js";
import type { Bytes } from "./store.js";

/** Settings of `unpack`. */
export interface UnpackOptions {
  /** What errors call the file. */
  readonly fileName: string;
  /** Where unpacking stops at the latest. */
  readonly limit: SizeLimit;
  /** What the first bytes say of the size of all; undefined while they are too few to say. */
  readonly declaredSize?: ((head: Uint8Array) => SizeLimit | undefined) | undefined;
  /** What the packed file says of its unpacked size, for the error. */
  readonly claim?: string | undefined;
}

/** No format's header is longer. */
const maxHeadBytes = 4096;

/** Whether `bytes` begin as a gzip file does (RFC 1952, 2.3.1). */
export function isGzip(bytes: Uint8Array): boolean {
  return bytes.length >= 2 && bytes[0] === 0x1f && bytes[1] === 0x8b;
}

/**
 * Unpacks a gzip file.
 *
 * @throws DatasetError when it is truncated or damaged, or holds more than it may; never takes more memory than that
 */
export async function gunzip(bytes: Bytes, options: UnpackOptions): Promise<Bytes> {
  // The last four bytes hold the unpacked size modulo 2^32 (RFC 1952, 2.3.1); anyone may write there what they like.
  const end = bytes.length >= 18 ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(bytes.length - 4, true) : 0;
  return unpack(bytes, "gzip", { claim: `its last bytes declare ${end}`, ...options });
}

/**
 * Unpacks deflated bytes: a gzip file, or the raw data of a zip entry.
 *
 * @throws DatasetError when they are truncated or damaged, or hold more than they may
 */
export async function unpack(bytes: Bytes, format: "gzip" | "deflate-raw", options: UnpackOptions): Promise<Bytes> {
  const collector = new Collector(bytes.length, options);
  for await (const chunk of unpackedChunks(bytes, format, options.fileName)) {
    collector.add(chunk);
  }
  return collector.whole();
}

/** What deflated bytes hold, piece by piece. Throws `DatasetError` when they are truncated or damaged. */
export async function* unpackedChunks(
  bytes: Bytes,
  format: "gzip" | "deflate-raw",
  fileName: string,
): AsyncGenerator<Uint8Array, void, undefined> {
  const reader = new Blob([bytes]).stream().pipeThrough(new DecompressionStream(format)).getReader();
  try {
    for (;;) {
      let part: Awaited<ReturnType<typeof reader.read>>;
      try {
        part = await reader.read();
      } catch (error) {
        const kind = format === "gzip" ? "gzip file" : "deflated entry";
        throw new DatasetError(
          `${fileName}: not a complete ${kind} (${bytes.length} bytes): ${(error as Error).message}; delete it and load again`,
          { cause: error },
        );
      }
      if (part.done) {
        return;
      }
      yield part.value;
    }
  } finally {
    await reader.cancel().catch(() => undefined);
  }
}

/** Puts pieces together until they are more than they may be. */
class Collector {
  readonly #packedBytes: number;
  readonly #options: UnpackOptions;
  #limit: SizeLimit;
  #chunks: Uint8Array[] = [];
  #received = 0;
  /** All bytes, once it is known how many there will be. */
  #target: Bytes | undefined;
  /** Whether the first bytes have been asked for the size in vain: they say nothing. */
  #silent = false;

  constructor(packedBytes: number, options: UnpackOptions) {
    this.#packedBytes = packedBytes;
    this.#options = options;
    this.#limit = options.limit;
  }

  add(chunk: Uint8Array): void {
    const start = this.#received;
    this.#received += chunk.length;
    if (this.#target === undefined) {
      this.#chunks.push(chunk);
      this.#readHead();
    } else if (this.#received <= this.#target.length) {
      this.#target.set(chunk, start);
    }
    if (this.#received > this.#limit.bytes) {
      const { fileName, claim } = this.#options;
      throw new DatasetError(
        `${fileName}: its ${this.#packedBytes} bytes unpack to more than ${this.#limit.bytes} bytes, ${this.#limit.reason}: ` +
          `stopped after ${this.#received}${claim === undefined ? "" : ` (${claim})`}; ${remedyOf(this.#limit)}`,
      );
    }
  }

  whole(): Bytes {
    return this.#target === undefined
      ? concatenate(this.#chunks, this.#received)
      : this.#target.subarray(0, this.#received);
  }

  #readHead(): void {
    const { declaredSize, limit, fileName } = this.#options;
    if (declaredSize === undefined || this.#silent) {
      return;
    }
    const head = concatenate(this.#chunks, this.#received);
    const declared = declaredSize(head);
    if (declared === undefined) {
      this.#silent = this.#received >= maxHeadBytes;
      return;
    }
    if (declared.bytes > limit.bytes) {
      throw new DatasetError(
        `${fileName}: ${declared.reason}, ${declared.bytes} bytes, more than ${limit.bytes} bytes, ${limit.reason}; ${remedyOf(limit)}`,
      );
    }
    this.#limit = declared;
    this.#chunks = [];
    this.#target = new Uint8Array(declared.bytes);
    this.#target.set(head.subarray(0, declared.bytes));
  }
}

function concatenate(chunks: readonly Uint8Array[], length: number): Bytes {
  const bytes = new Uint8Array(length);
  let offset = 0;
  for (const chunk of chunks) {
    bytes.set(chunk, offset);
    offset += chunk.length;
  }
  return bytes;
}
