import { DatasetError } from "../errors.js";
import type { SizeLimit } from "./sizeLimit.js";
import type { Bytes, DatasetCache, PartialKeeper, PartialTransfer } from "./store.js";

/** A file to download from the first mirror that gives it whole. */
export interface DownloadRequest<T> {
  /** Name of the file at every mirror and in the cache. */
  readonly name: string;
  /** Addresses of folders, tried in order. */
  readonly mirrors: readonly string[];
  /** Where an interrupted transfer is kept, for this process or a later one to resume. */
  readonly cache: DatasetCache;
  /** Whether to guard resumed transfers by If-Range. Where not, `accept` alone tells two files joined from one. */
  readonly sendsIfRange: boolean;
  /** Checks the bytes and makes of them what is wanted; rejects with DatasetError when they are not the file. */
  readonly accept: (bytes: Bytes, url: string) => Promise<T>;
  /** No mirror may send more. */
  readonly limit: SizeLimit;
  readonly signal: AbortSignal | undefined;
  /** A transfer that brings nothing for so long is broken. */
  readonly timeoutMs: number;
  /** How long to wait before a broken transfer is resumed. */
  readonly retryDelayMs: number;
  readonly onReceived: (receivedBytes: number) => void;
}

export interface Downloaded<T> {
  readonly mirror: string;
  readonly bytes: Bytes;
  readonly content: T;
}

/** Transfers from one mirror, counting those that resume. */
const MAX_TRANSFERS = 6;
/** Resumptions in a row that may bring nothing. */
const MAX_FRUITLESS_TRANSFERS = 2;

/** The server answered, but not with what was asked for. Asking again for the same is of no use. */
class RefusedError extends Error {
  override name = "RefusedError";
}

/** The server sends more than the file can have: it is another file. */
class OversizedError extends RefusedError {
  override name = "OversizedError";
}

/**
 * Downloads a file. A broken transfer is resumed where it broke (RFC 9110, 14.2: Range, guarded by If-Range), also one of
 * an earlier process; where the server cannot, it starts over. A mirror that fails or gives another file is left for the
 * next one, its failure added to `failures`.
 *
 * @returns undefined when every mirror failed
 * @throws the signal's reason once `signal` is aborted; what arrived so far is kept
 */
export async function downloadFile<T>(
  request: DownloadRequest<T>,
  failures: string[],
): Promise<Downloaded<T> | undefined> {
  const left = await request.cache.takePartial(request.name, request.limit);
  const started = request.mirrors.find((mirror) => fileUrl(mirror, request.name) === left?.url);
  const others = request.mirrors.filter((mirror) => mirror !== started);
  for (const mirror of started === undefined ? others : [started, ...others]) {
    const url = fileUrl(mirror, request.name);
    const download = new MirrorDownload(url, url === left?.url ? left : undefined, request);
    const result = await download.run(failures);
    if (result !== undefined) {
      // What a mirror that failed left behind is of no more use.
      await request.cache.takePartial(request.name);
      return { mirror, ...result };
    }
  }
  return undefined;
}

function fileUrl(mirror: string, name: string): string {
  return `${mirror}${mirror.endsWith("/") ? "" : "/"}${name}`;
}

/** The transfers of one file from one mirror. */
class MirrorDownload<T> {
  readonly #url: string;
  readonly #request: DownloadRequest<T>;
  readonly #left: PartialTransfer | undefined;
  #chunks: Uint8Array[] = [];
  #receivedBytes = 0;
  #validator: string | undefined;
  #resumable = true;
  #keeper: PartialKeeper | undefined;

  constructor(url: string, left: PartialTransfer | undefined, request: DownloadRequest<T>) {
    this.#url = url;
    this.#left = left;
    this.#request = request;
  }

  async run(failures: string[]): Promise<{ bytes: Bytes; content: T } | undefined> {
    let failure = "";
    let fruitless = 0;
    try {
      await this.#takeUp();
      for (let count = 0; count < MAX_TRANSFERS && fruitless < MAX_FRUITLESS_TRANSFERS; count++) {
        const resumedFrom = this.#receivedBytes;
        try {
          await this.#transfer();
        } catch (error) {
          this.#request.signal?.throwIfAborted();
          failure = describeFailure(error);
          fruitless = this.#receivedBytes > resumedFrom ? 0 : fruitless + 1;
          if (error instanceof RefusedError || !this.#resumable) {
            await this.#startOver();
          }
          if (error instanceof OversizedError || (resumedFrom === 0 && fruitless > 0)) {
            break;
          }
          await delay(this.#request.retryDelayMs, this.#request.signal);
          continue;
        }
        const bytes = this.#assemble();
        try {
          const content = await this.#request.accept(bytes, this.#url);
          await this.#keeper?.discard();
          return { bytes, content };
        } catch (error) {
          await this.#startOver();
          if (!(error instanceof DatasetError)) {
            throw error;
          }
          failure = error.message;
          // A resumed file may be two files joined; one in a single piece is what the server has.
          if (resumedFrom === 0) {
            break;
          }
        }
      }
    } finally {
      await this.#keeper?.release();
    }
    failures.push(failure.startsWith(this.#url) ? failure : `${this.#url}: ${failure}`);
    return undefined;
  }

  /** Continues where an earlier process stopped. */
  async #takeUp(): Promise<void> {
    if (this.#left !== undefined) {
      this.#chunks = [this.#left.bytes];
      this.#receivedBytes = this.#left.bytes.length;
      this.#validator = this.#left.validator;
      this.#keeper = await this.#request.cache.keepPartial(this.#request.name, this.#left);
    }
  }

  async #transfer(): Promise<void> {
    const { signal, timeoutMs, onReceived } = this.#request;
    const stop = new AbortController();
    const stopForUser = () => stop.abort(signal?.reason);
    signal?.throwIfAborted();
    signal?.addEventListener("abort", stopForUser);
    let timer: ReturnType<typeof setTimeout> | undefined;
    const restartTimer = () => {
      clearTimeout(timer);
      timer = setTimeout(() => stop.abort(new Error(`no data for ${timeoutMs / 1000} s`)), timeoutMs);
    };
    restartTimer();
    try {
      const response = await fetch(this.#url, { headers: this.#headers(), signal: stop.signal });
      const { body, totalBytes } = await this.#begin(response);
      this.#expectWithinLimit(totalBytes);
      const reader = body.getReader();
      for (let part = await reader.read(); !part.done; part = await reader.read()) {
        restartTimer();
        this.#expectWithinLimit(this.#receivedBytes + part.value.length);
        this.#chunks.push(part.value);
        this.#receivedBytes += part.value.length;
        onReceived(this.#receivedBytes);
        await this.#keeper?.append(part.value);
      }
      if (this.#receivedBytes < totalBytes) {
        throw new Error(`connection closed after ${this.#receivedBytes} of ${totalBytes} bytes`);
      }
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", stopForUser);
      // Ends a transfer that is refused on its way.
      stop.abort();
    }
  }

  #expectWithinLimit(bytes: number): void {
    const { limit } = this.#request;
    if (bytes > limit.bytes) {
      throw new OversizedError(`sends ${bytes} bytes or more, expected at most ${limit.bytes}, ${limit.reason}`);
    }
  }

  #headers(): Record<string, string> {
    // Were the packed file packed again for the way, offsets would count other bytes than fetch shows.
    const headers: Record<string, string> = { "accept-encoding": "identity" };
    if (this.#receivedBytes > 0) {
      headers.range = `bytes=${this.#receivedBytes}-`;
      if (this.#validator !== undefined && this.#request.sendsIfRange) {
        headers["if-range"] = this.#validator;
      }
    }
    return headers;
  }

  /** Reads the head of a response; `totalBytes` is the size of the whole file, 0 where the server does not tell. */
  async #begin(response: Response): Promise<{ body: ReadableStream<Uint8Array>; totalBytes: number }> {
    const { body, headers, status } = response;
    if (!response.ok || body === null) {
      await body?.cancel();
      throw new RefusedError(`HTTP ${status} ${response.statusText}`.trimEnd());
    }
    const range = headers.get("content-range");
    if (status === 206 && range !== null && !range.startsWith(`bytes ${this.#receivedBytes}-`)) {
      await body.cancel();
      throw new RefusedError(`asked for the bytes from ${this.#receivedBytes}, got "${range}"`);
    }
    if (status !== 206) {
      await this.#startOver();
      const etag = headers.get("etag");
      // Weak ETags must not guard a range (RFC 9110, 13.1.5).
      this.#validator = (etag?.startsWith("W/") ? null : etag) ?? headers.get("last-modified") ?? undefined;
      this.#resumable = !headers.has("content-encoding");
      this.#keeper = await this.#request.cache.keepPartial(this.#request.name, {
        url: this.#url,
        validator: this.#validator,
        bytes: this.#assemble(),
      });
    }
    const length = headers.get("content-length");
    return { body, totalBytes: length === null || !this.#resumable ? 0 : this.#receivedBytes + Number(length) };
  }

  async #startOver(): Promise<void> {
    this.#chunks = [];
    this.#receivedBytes = 0;
    this.#validator = undefined;
    await this.#keeper?.discard();
    this.#keeper = undefined;
  }

  #assemble(): Bytes {
    const bytes = new Uint8Array(this.#receivedBytes);
    let offset = 0;
    for (const chunk of this.#chunks) {
      bytes.set(chunk, offset);
      offset += chunk.length;
    }
    return bytes;
  }
}

/** `fetch` says only "fetch failed"; the reason (ENOTFOUND, ECONNREFUSED, ...) is its cause. */
function describeFailure(error: unknown): string {
  const { message, cause } = error as Error & { cause?: { code?: string; message?: string } };
  const reason = cause?.code ?? cause?.message;
  return reason === undefined ? message : `${message} (${reason})`;
}

function delay(timeMs: number, signal: AbortSignal | undefined): Promise<void> {
  return new Promise((resolve, reject) => {
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, timeMs);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
