import { readFile } from "node:fs/promises";
import { availableParallelism, cpus } from "node:os";
import { Worker } from "node:worker_threads";
import { detectLauncher } from "@convoy/core/backend";
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

/** This process's share of the machine: processes that a launcher has not bound to cores of their own divide them. */
function ownCores(): number {
  const cores = availableParallelism();
  const { localSize = 1 } = detectLauncher(process.env);
  return cores < cpus().length ? cores : Math.max(1, Math.floor(cores / localSize));
}

export const platform: Platform = {
  parallelism: ownCores(),
  processor: cpus()[0]?.model.trim() ?? "unknown processor",
  unshared: () => (typeof SharedArrayBuffer === "undefined" ? "SharedArrayBuffer is not defined" : undefined),
  compileModule: async (variant) => WebAssembly.compile(await readFile(new URL(`kernels-${variant}.wasm`, dist))),
  spawnWorker,
};
