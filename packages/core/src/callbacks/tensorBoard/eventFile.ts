import { appendToFile, hostName, processNumber } from "#event-files";
import { histogramEvent, scalarEvent, versionEvent } from "./events.js";
import { histogram } from "./histogram.js";
import { joinFields } from "./protobuf.js";
import { record } from "./records.js";

/** Where event files go that are not written to a folder: to a server, say. */
export interface EventStore {
  /**
   * Adds bytes to the end of a file.
   * @param name with its folder: "train/events.out.tfevents.1700000000.host.1.0.v2"
   */
  append(name: string, bytes: Uint8Array): unknown;
}

/** Events are kept in memory for at most so long, in milliseconds. */
const flushAfter = 1000;

/** Tells apart the files of a process. */
let filesMade = 0;

/** An event file of TensorBoard, made with the first event. */
export class EventFile {
  readonly #logDir: string | URL | EventStore;
  readonly #folder: string;
  #name: string | undefined;
  #pending: Uint8Array[] = [];
  #flushed = 0;

  /** @param folder the run within the log directory: "train" or "validation" */
  constructor(logDir: string | URL | EventStore, folder: string) {
    this.#logDir = logDir;
    this.#folder = folder;
  }

  addScalar(tag: string, value: number, step: number): void {
    this.#add((now) => scalarEvent(tag, value, step, now));
  }

  addHistogram(tag: string, data: ArrayLike<number>, step: number): void {
    this.#add((now) => histogramEvent(tag, histogram(data), step, now));
  }

  #add(event: (now: number) => Uint8Array): void {
    const now = Date.now() / 1000;
    if (this.#name === undefined) {
      const parts = [Math.floor(now), hostName(), processNumber(), filesMade++];
      this.#name = `${this.#folder}/events.out.tfevents.${parts.join(".")}.v2`;
      this.#pending.push(record(versionEvent(now)));
    }
    this.#pending.push(record(event(now)));
  }

  /** Writes what has waited long enough. */
  async flushWhenDue(): Promise<void> {
    if (performance.now() - this.#flushed >= flushAfter) {
      await this.flush();
    }
  }

  /** Writes all that there is. */
  async flush(): Promise<void> {
    const bytes = joinFields(this.#pending);
    this.#pending = [];
    this.#flushed = performance.now();
    if (bytes.length > 0) {
      await this.#append(this.#name!, bytes);
    }
  }

  async #append(name: string, bytes: Uint8Array): Promise<void> {
    if (typeof this.#logDir === "string" || this.#logDir instanceof URL) {
      await appendToFile(this.#logDir, name, bytes);
    } else {
      await this.#logDir.append(name, bytes);
    }
  }
}
