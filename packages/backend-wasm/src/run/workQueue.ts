import type { DeviceError } from "@convoy/core/backend";

/** Runs, writes and reads one after the other, in the order in which they were asked for. */
export class WorkQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;
  #closed: DeviceError | undefined;

  /** Whether nothing is running or waiting. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  /** Does `work` when everything before is done, whether that failed or not. */
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
    this.#last = result.catch(() => {});
    return result;
  }

  /** Does `work` now if nothing is running or waiting, otherwise in its turn. For what cannot fail: writes and releases. */
  addOrDo(work: () => void): void {
    if (this.idle) {
      work();
    } else {
      this.add(work).catch(() => {});
    }
  }

  /** Lets everything that has not begun fail. */
  close(reason: DeviceError): void {
    this.#closed ??= reason;
  }

  /** Resolves when everything added so far is done. */
  async settled(): Promise<void> {
    await this.#last;
  }
}
