import type { HostMemory } from "./memory.js";
import type { WorkQueue } from "./workQueue.js";

/** What the buffers and executables of one backend share. */
export interface ReferenceDevice {
  readonly memory: HostMemory;
  readonly queue: WorkQueue;
  /** Everything that has not been disposed: it goes when the backend goes. */
  readonly owned: Set<{ dispose(): void }>;
}
