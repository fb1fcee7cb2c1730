import { readFile, stat } from "node:fs/promises";
import { Worker } from "node:worker_threads";
import { DatasetError } from "@convoy/core";
import { type DecoderName, openDecoder } from "./decodeNode.js";
import type { Bytes } from "./pixels.js";
import { type Decode, type ReadImageSettings, readImage } from "./readImage.js";

/** A file to decode. */
export interface DecodeJob {
  readonly id: number;
  readonly path: string;
}

/** An image, or why there is none. */
export interface DecodeAnswer {
  readonly id: number;
  readonly image?: Bytes;
  readonly failure?: { readonly name: string; readonly message: string };
}

/** What a worker is started with. */
export interface DecodeWorkerData {
  readonly settings: ReadImageSettings;
  readonly decoder: DecoderName;
}

/** Threads that have nothing to do for so long end; they never keep a process from ending. */
const idleMs = 5000;

/** A thread and what it is at. */
interface DecodeThread {
  readonly worker: Worker;
  readonly pending: Map<number, { readonly resolve: (image: Bytes) => void; readonly reject: (error: Error) => void }>;
}

/** Reads and decodes images on worker threads, or on this one where there are none. Which thread takes a file changes nothing. */
export class DecodePool {
  readonly #data: DecodeWorkerData;
  readonly #size: number;
  readonly #threads: DecodeThread[] = [];
  #decode: Promise<Decode> | undefined;
  #nextId = 0;
  #idleTimer: NodeJS.Timeout | undefined;

  /** @param size threads beside this one */
  constructor(data: DecodeWorkerData, size: number) {
    this.#data = data;
    // Node 20 cannot start threads from TypeScript: sources that are run as they are decode here.
    this.#size = import.meta.url.endsWith(".ts") ? 0 : size;
  }

  /** Files that are decoded at a time to keep every thread busy. */
  get concurrency(): number {
    return Math.max(1, 2 * this.#size);
  }

  /** The image in a file, in the wanted shape. Rejects with `DatasetError`. */
  async read(path: string): Promise<Bytes> {
    if (this.#size === 0) {
      this.#decode ??= openDecoder(this.#data.decoder);
      return readImage(new Uint8Array(await readFile(path)), path, this.#data.settings, await this.#decode);
    }
    const thread = this.#leastBusy();
    const id = this.#nextId++;
    clearTimeout(this.#idleTimer);
    thread.worker.ref();
    try {
      return await new Promise((resolve, reject) => {
        thread.pending.set(id, { resolve, reject });
        thread.worker.postMessage({ id, path } satisfies DecodeJob);
      });
    } finally {
      if (thread.pending.size === 0) {
        thread.worker.unref();
      }
      if (this.#threads.every(({ pending }) => pending.size === 0)) {
        this.#idleTimer = setTimeout(() => this.#close(), idleMs).unref();
      }
    }
  }

  #leastBusy(): DecodeThread {
    if (this.#threads.length < this.#size) {
      return this.#start();
    }
    return this.#threads.reduce((least, thread) => (thread.pending.size < least.pending.size ? thread : least));
  }

  #start(): DecodeThread {
    const worker = new Worker(new URL("./decodeWorker.js", import.meta.url), { workerData: this.#data });
    const thread: DecodeThread = { worker, pending: new Map() };
    worker.on("message", ({ id, image, failure }: DecodeAnswer) => {
      const job = thread.pending.get(id)!;
      thread.pending.delete(id);
      if (image !== undefined) {
        job.resolve(image);
      } else {
        job.reject(failure!.name === "DatasetError" ? new DatasetError(failure!.message) : new Error(failure!.message));
      }
    });
    const fail = (error: Error): void => {
      this.#threads.splice(this.#threads.indexOf(thread), 1);
      for (const { reject } of thread.pending.values()) {
        reject(new DatasetError(`the thread that decodes images has ended: ${error.message}`, { cause: error }));
      }
      thread.pending.clear();
    };
    worker.on("error", fail);
    this.#threads.push(thread);
    return thread;
  }

  #close(): void {
    for (const { worker } of this.#threads.splice(0)) {
      worker.removeAllListeners("error");
      void worker.terminate();
    }
  }
}

/** Throws `DatasetError` unless it is a folder. */
export async function expectFolder(path: string): Promise<void> {
  const found = await stat(path).catch(() => undefined);
  if (!found?.isDirectory()) {
    throw new DatasetError(
      `${path}: ${found ? "is no folder" : "there is no such folder"}; pass one with a folder of images for each class`,
    );
  }
}
