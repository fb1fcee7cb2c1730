import { platform } from "#worker-port";
import { ArgumentError, DeviceError, StateError } from "../errors.js";
import { restoredError, type WorkerMessage, withoutFunctions } from "./messages.js";
import type { WorkerHandle } from "./port.js";
import { type WebWorker, webWorker } from "./webWorker.js";
import type { WorkerFunctions } from "./workerFunctions.js";

/** The functions of a worker as they are called from outside: each gives a promise. */
export type Remote<F extends WorkerFunctions> = {
  readonly [K in keyof F]: (...args: Parameters<F[K]>) => Promise<Awaited<ReturnType<F[K]>>>;
};

/** A worker that has been started. */
export interface RunningWorker<F extends WorkerFunctions> {
  /**
   * What the worker offers with `workerFunctions`. A call rejects with the error that the function threw, of the same class where
   * it is one of Convoy's; with `DeviceError` if the worker breaks down, and with `ArgumentError` for a name that it does not have.
   */
  readonly functions: Remote<F>;
  /** Ends the worker at once, whatever it does; calls under way reject with `StateError`. Twice is harmless. */
  terminate(): void;
}

interface Pending {
  readonly name: string;
  readonly callbacks: readonly ((...args: unknown[]) => unknown)[];
  readonly resolve: (value: unknown) => void;
  readonly reject: (error: Error) => void;
}

/**
 * Starts a module in a worker and lets its functions be called, so that training never holds a page up:
 *
 *     import type { functions } from "./train.js";
 *     const worker = inWorker<typeof functions>(
 *       () => new Worker(new URL("./train.js", import.meta.url), { type: "module" }),
 *     );
 *     const accuracy = await worker.functions.train(3, (loss) => show(loss));
 *
 * The function that starts the worker is the form in which bundlers find the module. Without a bundler, and in Node, the URL
 * alone is enough: `inWorker<typeof functions>(new URL("./train.js", import.meta.url))`.
 *
 * @typeParam F the functions that the module offers, `typeof functions` of it
 * @param module URL of a module that calls `workerFunctions`, or a function that starts a browser's worker with it
 */
export function inWorker<F extends WorkerFunctions>(module: URL | (() => WebWorker)): RunningWorker<F> {
  if (!(module instanceof URL) && typeof module !== "function") {
    throw new ArgumentError(
      `inWorker: expected a URL or a function that starts a worker: inWorker(new URL("./train.js", import.meta.url))`,
    );
  }
  const calls = new Calls(module instanceof URL ? platform.start(module) : webWorker(module()));
  const functions = new Proxy({} as Remote<F>, {
    // A promise asks what it resolves to whether it is one itself.
    get: (_, name) => (typeof name === "symbol" || name === "then" ? undefined : calls.caller(name)),
  });
  return { functions, terminate: () => calls.terminate() };
}

/** The calls that are under way in one worker. */
class Calls {
  readonly #worker: WorkerHandle;
  readonly #pending = new Map<number, Pending>();
  /** Names that the worker offers; calls before it is ready wait. */
  readonly #ready: Promise<readonly string[]>;
  #next = 0;
  #ended: Error | undefined;
  #fail: (error: Error) => void = () => undefined;

  constructor(worker: WorkerHandle) {
    this.#worker = worker;
    this.#ready = new Promise((resolve, reject) => {
      this.#fail = reject;
      worker.onMessage((message) => {
        if (typeof message !== "object" || message === null) {
          return; // The module's own, or of a library in it.
        }
        const given = message as WorkerMessage;
        if ("ready" in given) {
          resolve(given.ready);
        } else {
          this.#take(given);
        }
      });
    });
    this.#ready.catch(() => undefined); // Each call tells it.
    worker.onFailure((reason) => {
      this.#end(new DeviceError(`inWorker: the worker broke down: ${reason}`));
      // A browser's goes on after an error, and nobody would hear of it any more.
      worker.terminate();
    });
  }

  caller(name: string): (...args: unknown[]) => Promise<unknown> {
    return async (...args) => {
      const offered = await this.#ready;
      if (this.#ended !== undefined) {
        throw this.#ended;
      }
      if (!offered.includes(name)) {
        throw new ArgumentError(`inWorker: the worker has no function ${name}; it has ${offered.join(", ") || "none"}`);
      }
      const call = this.#next++;
      const callbacks: Pending["callbacks"][number][] = [];
      const plain = withoutFunctions(args, callbacks);
      return await new Promise((resolve, reject) => {
        this.#worker.send({ call, name, args: plain });
        this.#pending.set(call, { name, callbacks, resolve, reject });
      });
    };
  }

  terminate(): void {
    this.#end(new StateError("inWorker: the worker has been ended by terminate()"));
    this.#worker.terminate();
  }

  #take(message: Exclude<WorkerMessage, { readonly ready: unknown }>): void {
    const pending = this.#pending.get(message.call);
    if (pending === undefined) {
      return; // Of a call that has been given up.
    }
    if ("callback" in message) {
      pending.callbacks[message.callback]?.(...message.args);
      return;
    }
    this.#pending.delete(message.call);
    if ("error" in message) {
      pending.reject(restoredError(message.error));
    } else {
      pending.resolve(message.value);
    }
  }

  #end(error: Error): void {
    this.#ended ??= error;
    this.#fail(this.#ended);
    for (const { reject } of this.#pending.values()) {
      reject(this.#ended);
    }
    this.#pending.clear();
  }
}
