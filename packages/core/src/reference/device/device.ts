import type { WorkQueue } from "../../backend/index.js";
import type { HostMemory } from "../memory/hostMemory.js";

/** What the buffers and executables of one backend share. */
export interface ReferenceDevice {
  readonly memory: HostMemory;
  readonly queue: WorkQueue;
  /** Everything that has not been disposed: it goes when the backend goes. */
  readonly owned: Set<{ dispose(): void }>;
}
