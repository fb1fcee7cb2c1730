/** Work in the order in which it was handed in: runs, and the reads and writes that must not overtake them. */
export class WorkQueue {
  #last: Promise<unknown> = Promise.resolve();
  #waiting = 0;

  /** Whether everything handed in so far is done. */
  get idle(): boolean {
    return this.#waiting === 0;
  }

  /** Starts `work` after everything handed in before; what it throws rejects its own promise alone. */
  add<T>(work: () => T | Promise<T>): Promise<T> {
    this.#waiting++;
    const result = this.#last.then(work).finally(() => {
      this.#waiting--;
    });
    this.#last = result.catch(() => undefined);
    return result;
  }

  /** Resolves when everything handed in so far is done. */
  async drained(): Promise<void> {
    await this.#last;
  }
}
