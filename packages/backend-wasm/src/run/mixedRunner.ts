import type { InlineRunner } from "./inlineRunner.js";
import type { Job, Runner } from "./job.js";
import type { WorkerPool } from "./workerPool.js";

/**
 * Above this several threads save more of a job than waking them costs: waking two and their answers take about 170 us (measured on
 * Node 24), and they save half of what the job takes on one.
 */
const maxInlineMicroseconds = 250;

/** A pool of workers, and the calling thread for jobs that are done before a worker would have begun. */
export class MixedRunner implements Runner {
  readonly #pool: WorkerPool;
  readonly #inline: InlineRunner;

  constructor(pool: WorkerPool, inline: InlineRunner) {
    this.#pool = pool;
    this.#inline = inline;
  }

  get threads(): number {
    return this.#pool.threads;
  }

  get state(): Runner["state"] {
    return this.#pool.state === "sound" ? this.#inline.state : this.#pool.state;
  }

  async run(job: Job): Promise<void> {
    const isShort = job.stepMicroseconds * job.stepCount <= maxInlineMicroseconds;
    // A pool that has failed says so, to short jobs as well.
    await (isShort && this.#pool.state === "sound" ? this.#inline : this.#pool).run(job);
  }

  async dispose(): Promise<void> {
    await this.#inline.dispose();
    await this.#pool.dispose();
  }
}
