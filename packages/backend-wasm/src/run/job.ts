/** Addresses and counts of one call of the module's `run`. */
export interface Job {
  readonly program: number;
  readonly steps: number;
  readonly stepCount: number;
  /** What a step takes on one thread, roughly. */
  readonly stepMicroseconds: number;
  readonly results: number;
  /** Scratch memory of thread 0, and the distance to the next thread's. */
  readonly scratch: number;
  readonly scratchStride: number;
}

/** Something that runs programs: a pool of workers, or the calling thread. */
export interface Runner {
  readonly threads: number;
  /** Whether it can run jobs; a job that rejects because a kernel found a fault leaves it sound. */
  readonly state: "sound" | "failed" | "disposed";
  /** Runs a job. Rejects with `DeviceError` where a thread fails or a kernel finds a fault. */
  run(job: Job): Promise<void>;
  /** Ends the threads. A job that is running rejects. */
  dispose(): Promise<void>;
}

/** The module's `run`. */
export type RunExport = (
  control: number,
  thread: number,
  threads: number,
  scratch: number,
  program: number,
  steps: number,
  stepCount: number,
  results: number,
) => number;
