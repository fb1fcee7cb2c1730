import { expect, it } from "vitest";
import { inWorker, type WebWorker } from "./index.js";

it("ends a browser's worker that has broken down", async () => {
  const listeners = new Map<string, (event: unknown) => void>();
  let terminated = 0;
  const worker: WebWorker = {
    postMessage: () => undefined,
    addEventListener: (type, listener) => void listeners.set(type, listener),
    terminate: () => void terminated++,
  };
  const { functions } = inWorker<{ train: () => void }>(() => worker);
  // Other messages of the module are none of its business.
  for (const data of ["hello", null, { hello: 1 }]) {
    listeners.get("message")!({ data });
  }
  listeners.get("message")!({ data: { ready: ["train"] } });
  const training = functions.train();
  await Promise.resolve();
  listeners.get("error")!({ message: "out of everything" });
  await expect(training).rejects.toThrow("inWorker: the worker broke down: out of everything");
  expect(terminated).toBe(1);
});
