import { createHash } from "node:crypto";
import { ArgumentError, type ProcessGroup, type RunAgreement, WorkQueue } from "@convoy/core/backend";
import type { Mpi, Request } from "../mpi/mpi.js";
import { ranksText } from "./ranksText.js";

/** Numbers that are gathered at a time where they are added up in a fixed order. */
const chunkNumbers = 2 ** 18;
const hashBytes = 32;

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
    return this.queue.add(() => this.#sum(numbers));
  }

  gather(numbers: Float32Array): Promise<readonly Float32Array[]> {
    return this.queue.add(async () => {
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
      const copy = Float32Array.from(numbers);
      await this.#mpi.broadcast(copy);
      return copy;
    });
  }

  async expectSame(parts: Readonly<Record<string, readonly (string | ArrayBufferView)[]>>): Promise<void> {
    const names = Object.keys(parts);
    const own = Buffer.concat(names.map((name) => hashOf(parts[name]!)));
    const all = await this.queue.add(() => this.#mpi.allGather(Uint8Array.from(own)));
    const unlike = names.flatMap((name, index) => {
      const hashes = Array.from({ length: this.size }, (_, rank) => {
        const start = rank * own.length + index * hashBytes;
        return Buffer.from(all.subarray(start, start + hashBytes)).toString("hex");
      });
      const others = hashes.flatMap((hash, rank) => (hash === hashes[0] ? [] : [rank]));
      return others.length === 0
        ? []
        : [`${ranksText(others)} ${others.length === 1 ? "has" : "have"} another ${name}`];
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
    return (await this.queue.add(() => this.#agree(0))).stop;
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

function hashOf(parts: readonly (string | ArrayBufferView)[]): Buffer {
  const hash = createHash("sha256");
  for (const part of parts) {
    if (typeof part === "string") {
      hash.update(part);
    } else {
      hash.update(new Uint8Array(part.buffer, part.byteOffset, part.byteLength));
    }
  }
  return hash.digest();
}
