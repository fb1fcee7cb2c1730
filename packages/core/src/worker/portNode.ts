import { parentPort, Worker } from "node:worker_threads";
import { StateError } from "../errors.js";
import type { WorkerPlatform } from "./port.js";

/** Node's worker threads. */
export const platform: WorkerPlatform = {
  start(module) {
    const worker = new Worker(module);
    return {
      send: (message) => worker.postMessage(message),
      onMessage: (listener) => void worker.on("message", listener),
      onFailure(listener) {
        worker.on("error", (error) => listener(error instanceof Error ? error.message : String(error)));
        worker.on("exit", (code) => listener(`it ended with status ${code}`));
      },
      terminate: () => void worker.terminate(),
    };
  },
  parent() {
    const port = parentPort;
    if (port === null) {
      throw new StateError("workerFunctions: this module does not run in a worker; start it with inWorker");
    }
    return {
      send: (message) => port.postMessage(message),
      onMessage: (listener) => void port.on("message", listener),
    };
  },
};
