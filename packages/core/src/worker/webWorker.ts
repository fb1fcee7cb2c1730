import type { WorkerHandle } from "./port.js";

/** A browser's `Worker`, as far as it is needed: packages compile without the DOM's types. */
export interface WebWorker {
  /** Sends a copy of a message to the worker. */
  postMessage(message: unknown): void;
  /** Calls a function for each "message" and "error". */
  // biome-ignore lint/suspicious/noExplicitAny: nothing else fits the DOM's overloads in every version
  addEventListener(type: string, listener: (event: any) => void): void;
  /** Ends the worker at once. */
  terminate(): void;
}

/** A browser's worker as a handle. */
export function webWorker(worker: WebWorker): WorkerHandle {
  return {
    send: (message) => worker.postMessage(message),
    onMessage(listener) {
      worker.addEventListener("message", ({ data }: { readonly data: unknown }) => listener(data));
    },
    onFailure(listener) {
      worker.addEventListener("error", ({ message }: { readonly message?: string }) =>
        listener(message || "its module could not be loaded"),
      );
    },
    terminate: () => worker.terminate(),
  };
}
