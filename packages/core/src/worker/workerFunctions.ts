import { platform } from "#worker-port";
import { type CallMessage, plainError, type WorkerMessage, withFunctions } from "./messages.js";

/** Functions of a worker: what they take and give is copied. */
export type WorkerFunctions = Readonly<Record<string, (...args: never[]) => unknown>>;

/**
 * Offers functions to the thread that has started this worker:
 *
 *     // train.ts
 *     export const functions = workerFunctions({
 *       async train(epochs: number, onProgress: (loss: number) => void) { ... return accuracy; },
 *     });
 *
 * Arguments and results are copied as by `structuredClone`: numbers, text, typed arrays and plain objects of these, but no models
 * or backends, which stay in the worker. Functions among the arguments, also within plain objects, are called on the other side,
 * in order and without an answer.
 *
 * @typeParam F what the functions are called, take and give
 * @returns the functions, for their types
 * @throws StateError outside of a worker
 */
export function workerFunctions<F extends WorkerFunctions>(functions: F): F {
  const parent = platform.parent();
  const send = (message: WorkerMessage): void => parent.send(message);
  parent.onMessage(async (message) => {
    const { call, name, args } = message as CallMessage;
    const callback =
      (index: number) =>
      (...given: unknown[]) =>
        send({ call, callback: index, args: given });
    try {
      const run = functions[name] as unknown as (...given: unknown[]) => unknown;
      send({ call, value: await run(...withFunctions(args, callback)) });
    } catch (error) {
      send({ call, error: plainError(error) });
    }
  });
  send({ ready: Object.keys(functions) });
  return functions;
}
