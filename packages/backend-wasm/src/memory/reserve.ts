import { BackendUnavailableError } from "@convoy/core/backend";
import { Heap } from "./heap.js";

/** Pages of 64 KB: 4 GiB, or less where the engine cannot reserve as much. */
const pageLimits = [65536, 32768, 16384, 8192] as const;
const initialPages = 64;

/** Memory, shared between threads or not, that grows on demand up to the largest limit that the engine accepts. */
export function reserveHeap(shared: boolean): Heap {
  for (const maximum of pageLimits) {
    try {
      return new Heap(new WebAssembly.Memory({ initial: initialPages, maximum, shared }), maximum);
    } catch (error) {
      if (!(error instanceof RangeError)) {
        throw error;
      }
    }
  }
  const least = pageLimits[pageLimits.length - 1]! / 16;
  throw new BackendUnavailableError(
    `wasm: the engine cannot reserve ${least} MB of memory. Close other pages or programs, or raise the process's limit`,
  );
}
