import { pollsWhileWaiting } from "#gpu";

/** Shorter waits are not worth a timer, in ms. */
const minSleepMs = 4;
/** After at most so many ms it looks whether there is something left to wait for. */
const maxTimerMs = 250;
/** Of the expected time; the rest leaves room for faster runs, by which later expectations come down again. */
const sleepShare = 0.8;

/**
 * Sleeps through most of a wait for the device. Where promises of the device are kept by polling, an open one costs a busy
 * core, which a software adapter needs for computing.
 */
export class DeviceWait {
  readonly #isOver: () => boolean;
  /** Of the last two runs; the first may have compiled. */
  #msPerStep: readonly [number, number] = [0, 0];
  /** The wait for the run before. */
  #last: Promise<unknown> = Promise.resolve();

  /** `isOver` says whether there is nothing to wait for any more: the device is lost, say. */
  constructor(isOver: () => boolean) {
    this.#isOver = isOver;
  }

  /** Waits for `steps` steps that have just been submitted; `done` makes the promise of their end. */
  wait<T>(steps: number, done: () => Promise<T>): Promise<T> {
    const wait = this.#last.then(() => this.#wait(steps, done));
    this.#last = wait.catch(() => undefined);
    return wait;
  }

  /** The run before has ended: now these steps are the ones that the device works on. */
  async #wait<T>(steps: number, done: () => Promise<T>): Promise<T> {
    const start = performance.now();
    const rest = sleepShare * steps * Math.min(...this.#msPerStep);
    if (pollsWhileWaiting && rest >= minSleepMs) {
      await this.#sleep(start + rest);
    }
    const result = await done();
    this.#msPerStep = [(performance.now() - start) / steps, this.#msPerStep[0]];
    return result;
  }

  async #sleep(until: number): Promise<void> {
    for (let left = until - performance.now(); left > 0 && !this.#isOver(); left = until - performance.now()) {
      await new Promise((resolve) => setTimeout(resolve, Math.min(Math.ceil(left), maxTimerMs)));
    }
  }
}
