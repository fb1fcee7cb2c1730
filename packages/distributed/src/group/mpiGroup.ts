import { ArgumentError, type ProcessGroup, type RunAgreement, WorkQueue } from "@convoy/core/backend";
import type { Mpi, Request } from "../mpi/mpi.js";
import { type ComparedParts, differences } from "./comparison.js";

/** Numbers that are gathered at a time where they are added up in a fixed order. */
const chunkNumbers = 2 ** 18;
/** Bytes in which a rank says what it is about to do. */
const intentBytes = 96;

/** How a group works. */
export interface GroupSettings {
  readonly syncBatchNorm: boolean;
  /** Whether sums are made in the order of ranks, whatever algorithm the library would choose. */
  readonly deterministic: boolean;
}

/** All processes of a job, over MPI. */
export class MpiGroup implements ProcessGroup {
  readonly rank: number;
  readonly size: number;
  readonly syncBatchNorm: boolean;
  readonly deterministic: boolean;
  /** Everything that all ranks do together, and what must keep its place among it, in the order in which it was asked for. */
  readonly queue: WorkQueue = new WorkQueue();
  readonly #mpi: Mpi;
  #asksToStop = false;

  constructor(mpi: Mpi, { syncBatchNorm, deterministic }: GroupSettings) {
    this.#mpi = mpi;
    this.rank = mpi.rank;
    this.size = mpi.size;
    this.syncBatchNorm = syncBatchNorm;
    this.deterministic = deterministic;
  }

  sum(numbers: Float64Array): Promise<Float64Array> {
    return this.queue.add(async () => {
      await this.#meet(`adds up ${numbers.length} numbers`);
      return await this.#sum(numbers);
    });
  }

  gather(numbers: Float32Array): Promise<readonly Float32Array[]> {
    return this.queue.add(async () => {
      await this.#meet("gathers numbers");
      const lengths = await this.#mpi.allGather(Float64Array.of(numbers.length));
      const longest = Math.max(...lengths);
      const padded = new Float32Array(longest);
      padded.set(numbers);
      const all = await this.#mpi.allGather(padded);
      return Array.from(lengths, (length, rank) => all.slice(rank * longest, rank * longest + length));
    });
  }

  broadcast(numbers: Float32Array): Promise<Float32Array> {
    return this.queue.add(async () => {
      await this.#meet(`copies ${numbers.length} numbers of rank 0`);
      const copy = Float32Array.from(numbers);
      await this.#mpi.broadcast(copy);
      return copy;
    });
  }

  async expectSame(parts: ComparedParts): Promise<void> {
    const unlike = await this.queue.add(async () => {
      await this.#meet(`compares ${Object.keys(parts)[0]}`);
      return await differences(parts, (own) => this.#gatherBytes(own));
    });
    if (unlike.length > 0) {
      throw new ArgumentError(
        `distributed: ${unlike.join("; ")} than rank 0; all processes must run the same script with the same data, seed and ` +
          "packages",
      );
    }
  }

  askToStop(): void {
    this.#asksToStop = true;
  }

  async agreeToStop(): Promise<boolean> {
    const agreement = await this.queue.add(async () => {
      await this.#meet("begins or ends an epoch");
      return await this.#agree(0);
    });
    return agreement.stop;
  }

  /** Begins a run of training steps, within its turn in the queue. Throws `ArgumentError` where another rank does something else. */
  startRun(steps: number): Promise<void> {
    return this.#meet(`trains for ${steps} step${steps === 1 ? "" : "s"}`);
  }

  /** Ends a run of training steps, within its turn in the queue. */
  endRun(durationMs: number): Promise<RunAgreement> {
    return this.#agree(durationMs);
  }

  /** Begins to add up an array over all ranks, in place and within a turn in the queue; `finish` waits for it. */
  startSum(numbers: Float32Array): PendingSum {
    if (this.deterministic) {
      const done = this.#orderedSum(numbers);
      // Seen when it is waited for.
      done.catch(() => undefined);
      return { finish: () => done };
    }
    const request: Request = this.#mpi.startAllReduce(numbers);
    return { finish: () => this.#mpi.complete(request) };
  }

  /**
   * Has every rank say what it is about to do with the others before they do it: where that differs, MPI would mix up messages of
   * several things, and end or wait with an error of its own at best.
   */
  async #meet(intent: string): Promise<void> {
    const own = Buffer.alloc(intentBytes);
    own.write(intent.slice(0, intentBytes - 1));
    const all = await this.#gatherBytes(own);
    if (all.some((other) => Buffer.compare(other, own) !== 0)) {
      const texts = all.map(
        (bytes, rank) => `rank ${rank} ${Buffer.from(bytes).toString("utf8", 0, bytes.indexOf(0))}`,
      );
      throw new ArgumentError(
        `distributed: processes do not do the same: ${texts.join(", ")}; all must call fit, evaluate and predict alike, over as many ` +
          "samples and steps",
      );
    }
  }

  async #gatherBytes(own: Uint8Array): Promise<readonly Uint8Array[]> {
    const all = await this.#mpi.allGather(Uint8Array.from(own));
    return Array.from({ length: this.size }, (_, rank) => all.subarray(rank * own.length, (rank + 1) * own.length));
  }

  async #agree(durationMs: number): Promise<RunAgreement> {
    const own = Float64Array.of(this.rank === 0 ? durationMs : 0, this.#asksToStop ? 1 : 0);
    const [duration, asked] = await this.#sum(own);
    const stop = asked! > 0;
    if (stop) {
      this.#asksToStop = false;
    }
    return { durationMs: duration!, stop };
  }

  async #sum(numbers: Float64Array): Promise<Float64Array> {
    const copy = Float64Array.from(numbers);
    await (this.deterministic ? this.#orderedSum(copy) : this.#mpi.allReduce(copy));
    return copy;
  }

  /** Gathers and adds up in float64, rank by rank. */
  async #orderedSum(numbers: Float32Array | Float64Array): Promise<void> {
    for (let start = 0; start < numbers.length; start += chunkNumbers) {
      const chunk = numbers.subarray(start, start + chunkNumbers);
      const all = await this.#mpi.allGather(chunk);
      for (let index = 0; index < chunk.length; index++) {
        let sum = 0;
        for (let rank = 0; rank < this.size; rank++) {
          sum += all[rank * chunk.length + index]!;
        }
        chunk[index] = sum;
      }
    }
  }
}

/** A sum over ranks under way. */
export interface PendingSum {
  finish(): Promise<void>;
}
