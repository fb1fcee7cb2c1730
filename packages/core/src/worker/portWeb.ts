import { StateError } from "../errors.js";
import type { WorkerPlatform } from "./port.js";
import { webWorker } from "./webWorker.js";

/** What a dedicated worker has as its global object. */
interface WorkerScope {
  readonly document?: unknown;
  postMessage(message: unknown): void;
  addEventListener(type: "message", listener: (event: { readonly data: unknown }) => void): void;
}

/** Web workers. */
export const platform: WorkerPlatform = {
  start: (module) => webWorker(new Worker(module, { type: "module" })),
  parent() {
    const scope = globalThis as unknown as WorkerScope;
    if (scope.document !== undefined) {
      throw new StateError("workerFunctions: this module does not run in a worker; start it with inWorker");
    }
    return {
      send: (message) => scope.postMessage(message),
      onMessage: (listener) => scope.addEventListener("message", ({ data }) => listener(data)),
    };
  },
};
