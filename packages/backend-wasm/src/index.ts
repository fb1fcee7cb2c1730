import { ArgumentError, BackendUnavailableError, ConvoyError } from "@convoy/core/backend";
import { platform } from "#platform";
import { type WasmBackend, WasmBackendImplementation } from "./backend.js";
import { WasmDevice } from "./device.js";
import { Heap } from "./memory/heap.js";
import { InlineRunner } from "./run/inlineRunner.js";
import type { Runner } from "./run/job.js";
import { WorkerPool } from "./run/workerPool.js";
import { chooseVariant, type Variant } from "./variants.js";

export type { WasmBackend } from "./backend.js";

export interface WasmOptions {
  /** Worker threads; default: as many as the process may use cores. Results do not depend on it. */
  readonly threads?: number;
  /**
   * Fused multiply-add where the engine has it; default true. It is faster, and the last bit of a result may differ from one
   * processor to another.
   */
  readonly relaxedSimd?: boolean;
}

const mostThreads = 1024;
const firstPages = 64;
/** Pages of 64 KB: 4 GiB, or less where the engine cannot reserve as much. */
const pageLimits = [65536, 32768, 16384, 8192] as const;

/** Starts the WASM backend. Throws `BackendUnavailableError` where it cannot run, with what is missing. */
export async function wasm({ threads, relaxedSimd = true }: WasmOptions = {}): Promise<WasmBackend> {
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= mostThreads)) {
    throw new ArgumentError(`wasm: threads is ${threads}, expected a whole number from 1 to ${mostThreads}`);
  }
  const variant = await chooseVariant(relaxedSimd);
  try {
    const module = await platform.compileModule(variant.name);
    const heap = reserveMemory(variant);
    const runner = await startRunner(variant, heap, module, threads ?? platform.parallelism);
    const count = runner.threads;
    const details = {
      variant: variant.name,
      reason: variant.reason,
      threads: count,
      ...(threads !== undefined && threads > count ? { threadsAsked: threads } : {}),
    };
    const name = `${platform.processor}, ${count} thread${count === 1 ? "" : "s"}`;
    return new WasmBackendImplementation({ name, details }, new WasmDevice(heap, runner));
  } catch (error) {
    if (error instanceof ConvoyError) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendUnavailableError(`wasm: the kernels (variant "${variant.name}") could not be loaded: ${reason}`);
  }
}

async function startRunner(variant: Variant, heap: Heap, module: WebAssembly.Module, threads: number): Promise<Runner> {
  if (variant.shared) {
    return await WorkerPool.start(heap, module, threads);
  }
  return new InlineRunner(heap, await WebAssembly.instantiate(module, { env: { memory: heap.memory } }));
}

/** Memory that grows on demand up to the largest limit that the engine accepts. */
function reserveMemory({ shared }: Variant): Heap {
  for (const maximum of pageLimits) {
    try {
      return new Heap(new WebAssembly.Memory({ initial: firstPages, maximum, shared }), maximum);
    } catch (error) {
      if (!(error instanceof RangeError) || maximum === pageLimits[pageLimits.length - 1]) {
        throw error;
      }
    }
  }
  throw new BackendUnavailableError("wasm: the engine gives no memory to share");
}
