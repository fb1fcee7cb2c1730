import { readFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { Worker } from "node:worker_threads";
import type { Platform, WorkerEvents, WorkerHandle } from "./platform.js";

/** Where the built files are: beside this one, or in dist when the sources themselves are run. */
const dist = new URL(import.meta.url.endsWith(".ts") ? "../../dist/" : "../", import.meta.url);

function spawnWorker({ onMessage, onFailure }: WorkerEvents): WorkerHandle {
  // Without the flags of this process: some, such as --input-type, keep a worker from starting.
  const worker = new Worker(new URL("run/workerNode.js", dist), { execArgv: [] });
  worker.on("message", onMessage);
  worker.on("error", (error) => onFailure(error.message));
  worker.on("exit", (code) => onFailure(`it ended with exit code ${code}`));
  return {
    post: (message) => worker.postMessage(message),
    hold: (alive) => (alive ? worker.ref() : worker.unref()),
    async terminate() {
      await worker.terminate();
    },
  };
}

export const platform: Platform = {
  parallelism: availableParallelism(),
  processor: cpus()[0]?.model.trim() ?? "unknown processor",
  unshared: () => (typeof SharedArrayBuffer === "undefined" ? "SharedArrayBuffer is not defined" : undefined),
  compileModule: async (variant) => WebAssembly.compile(await readFile(new URL(`kernels-${variant}.wasm`, dist))),
  spawnWorker,
};
