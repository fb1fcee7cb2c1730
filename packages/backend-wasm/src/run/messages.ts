import type { Job } from "./job.js";

/** What the pool tells a worker. */
export type ToWorker =
  | {
      readonly kind: "start";
      readonly module: WebAssembly.Module;
      readonly memory: WebAssembly.Memory;
      readonly control: number;
      readonly thread: number;
      readonly threads: number;
    }
  | ({ readonly kind: "run" } & Job);

/** What a worker answers. */
export type FromWorker =
  | { readonly kind: "ready" }
  /** The job is done, or left early (`complete` false) because another thread failed or a kernel found a fault. */
  | { readonly kind: "done"; readonly complete: boolean }
  | { readonly kind: "failed"; readonly reason: string };
