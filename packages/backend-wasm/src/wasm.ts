import { ArgumentError, BackendUnavailableError, ConvoyError } from "@convoy/core/backend";
import { platform } from "#platform";
import { WasmBackendImplementation } from "./backend.js";
import { WasmDevice } from "./device/device.js";
import { chooseVariant, type Variant } from "./device/variants.js";
import { reserveHeap } from "./memory/reserve.js";
import { startRunner } from "./run/startRunner.js";
import type { WasmBackend } from "./wasmBackend.js";

/** Settings of `wasm`. */
export interface WasmOptions {
  /** Worker threads, from 1 to 1024; default: as many as the process may use cores. Results do not depend on it. */
  readonly threads?: number;
  /**
   * Fused multiply-add where the engine has it; default true. It is faster, and the last bit of a result may differ from one
   * processor to another.
   */
  readonly relaxedSimd?: boolean;
  /**
   * Runs of less than about a quarter of a millisecond, such as the prediction of one small image, happen on the calling thread:
   * waking others would take longer. Default true; false leaves everything to the worker threads.
   */
  readonly shortRunsInline?: boolean;
  /**
   * Default false. True checks every plan and runs the kernels of a step one by one, slower and to the same results, so that
   * the error of one that fails names the kernel, its op and its layer.
   */
  readonly debug?: boolean;
}

const maxThreads = 1024;

/**
 * Starts the WASM backend. Throws `ArgumentError` for an option that is out of range and `BackendUnavailableError` where the
 * backend cannot run, with what is missing.
 */
export async function wasm(options: WasmOptions = {}): Promise<WasmBackend> {
  const { threads, relaxedSimd = true, shortRunsInline = true, debug = false } = options;
  if (threads !== undefined && !(Number.isInteger(threads) && threads >= 1 && threads <= maxThreads)) {
    throw new ArgumentError(`wasm: threads is ${threads}, expected a whole number from 1 to ${maxThreads}`);
  }
  const variant = await chooseVariant(relaxedSimd);
  try {
    const device = await startDevice(variant, threads ?? platform.parallelism, shortRunsInline);
    const count = device.runner.threads;
    const details = {
      variant: variant.name,
      reason: variant.reason,
      threads: count,
      ...(threads !== undefined && threads > count ? { threadsAsked: threads } : {}),
      ...(debug ? { debug } : {}),
    };
    const name = `${platform.processor}, ${count} thread${count === 1 ? "" : "s"}`;
    return new WasmBackendImplementation({ name, details }, device, debug);
  } catch (error) {
    if (error instanceof ConvoyError) {
      throw error;
    }
    const reason = error instanceof Error ? error.message : String(error);
    throw new BackendUnavailableError(`wasm: the kernels (variant "${variant.name}") could not be loaded: ${reason}`);
  }
}

async function startDevice(variant: Variant, threads: number, shortRunsInline: boolean): Promise<WasmDevice> {
  const module = await platform.compileModule(variant.name);
  const heap = reserveHeap(variant.shared);
  return new WasmDevice(heap, await startRunner(heap, module, variant.shared ? threads : undefined, shortRunsInline));
}
