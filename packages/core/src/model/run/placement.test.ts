import { afterAll, beforeAll, expect, it, vi } from "vitest";
import type { Backend } from "../../backend/index.js";
import { DeviceError, layers, type Sequential, sequential } from "../../index.js";
import { reference } from "../../reference/index.js";

let inner: Backend;
beforeAll(async () => {
  inner = await reference();
});
afterAll(() => inner.dispose());

const options = { optimizer: "adam", loss: "sparseCategoricalCrossentropy" } as const;
const x = { data: Float32Array.from({ length: 64 * 6 }, (_, index) => (index % 7) / 7), shape: [64, 6] };
const y = Array.from({ length: 64 }, (_, row) => row % 3);

function network(): Sequential {
  return sequential([
    layers.dense({ units: 5, activation: "relu", inputShape: [6] }),
    layers.dense({ units: 3, activation: "softmax" }),
  ]);
}

/** The reference backend with some methods replaced. */
function backendWith(changes: Partial<Backend>): Backend {
  return {
    name: inner.name,
    device: inner.device,
    fusions: inner.fusions,
    supports: (op) => inner.supports(op),
    createBuffer: (label, spec) => inner.createBuffer(label, spec),
    compile: (plan, buffers, onProgress) => inner.compile(plan, buffers, onProgress),
    synchronize: () => inner.synchronize(),
    memory: () => inner.memory(),
    dispose: () => inner.dispose(),
    ...changes,
  };
}

it("a compile while the device is being opened counts, also for the call that waits for it", async () => {
  const [first, second] = [0, 1].map(() => vi.fn(inner.createBuffer.bind(inner)));
  const model = network();
  model.compile({ ...options, backend: backendWith({ createBuffer: first! }) });
  const predicting = model.predict(x);
  model.compile({ ...options, backend: backendWith({ createBuffer: second! }) });
  await predicting;
  await model.fit(x, y, { epochs: 1, verbose: 0 });
  expect(first).not.toHaveBeenCalled();
  expect(second).toHaveBeenCalled();
  model.dispose();
});

it("memory that turned out missing is not asked of the next, smaller batch", async () => {
  const used = inner.memory().usedBytes;
  const most = 2000;
  const backend = backendWith({
    compile: async (plan, buffers, onProgress) => {
      const { arena, inputs } = buffers;
      if (arena!.length > most || inputs!.length > most) {
        throw new DeviceError("fake: out of memory");
      }
      return await inner.compile(plan, buffers, onProgress);
    },
  });
  const model = network();
  model.compile({ ...options, backend });
  await expect(model.predict(x, { batchSize: 64 })).rejects.toThrow("fake: out of memory");
  const { shape } = await model.predict(x, { batchSize: 8 });
  expect(shape).toEqual([64, 3]);
  await expect(model.fit(x, y, { epochs: 1, batchSize: 64, verbose: 0 })).rejects.toThrow("fake: out of memory");
  await model.fit(x, y, { epochs: 1, batchSize: 4, verbose: 0 });
  model.dispose();
  expect(inner.memory().usedBytes).toBe(used);
});
