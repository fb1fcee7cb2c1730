import type { DeviceError } from "../errors.js";

/** Runs, reads and writes one after the other, in the order in which they were asked for. */
export class WorkQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed: DeviceError | undefined;

  /** Whether nothing is running or waiting. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  /** Starts `work` when everything before is done, whether that failed or not; what it throws rejects its own promise alone. */
  add<T>(work: () => T | Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#last.then(async () => {
      try {
        if (this.#closed) {
          throw this.#closed;
        }
        return await work();
      } finally {
        this.#waiting--;
      }
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Does `work` now if nothing is running or waiting, otherwise in its turn. For what cannot fail: writes and releases. */
  addOrDo(work: () => void): void {
    if (this.idle) {
      work();
    } else {
      this.add(work).catch(() => undefined);
    }
  }

  /** Rejects everything that has not begun, and all that comes after, with `reason`. */
  close(reason: DeviceError): void {
    this.#closed ??= reason;
  }

  /** Resolves when everything added so far is done. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
