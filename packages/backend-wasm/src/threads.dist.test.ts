import { expect, it, vi } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";
import { digits, smallModel } from "./testing/smallModel.js";

const { wasm } = await builtPackage();

async function train(threads: number, shortRunsInline = false) {
  const backend = await wasm({ threads, shortRunsInline });
  try {
    const model = smallModel(backend);
    const { history } = await model.fit(digits.images, digits.labels, { epochs: 3, batchSize: 32, verbose: 0 });
    const weights = (await model.getWeights()).map((tensor) => [...tensor.data]);
    return { threads: backend.device.details.threads, history, weights };
  } finally {
    await backend.dispose();
  }
}

it("trains to the very same numbers with 1, 2 and 3 threads", async () => {
  const [one, two, three] = [await train(1), await train(2), await train(3)];
  expect([one.threads, two.threads, three.threads]).toEqual([1, 2, 3]);
  expect(two.history).toEqual(one.history);
  expect(three.history).toEqual(one.history);
  expect(two.weights).toEqual(one.weights);
  expect(three.weights).toEqual(one.weights);
});

it("trains to the very same numbers where short runs are made on the calling thread", async () => {
  const [inline, pool] = [await train(2, true), await train(2)];
  expect(inline.history).toEqual(pool.history);
  expect(inline.weights).toEqual(pool.weights);
});

it("trains to the same numbers where memory cannot be shared", async () => {
  const shared = await train(2);
  vi.stubGlobal("SharedArrayBuffer", undefined);
  try {
    const backend = await wasm({ threads: 2, shortRunsInline: false });
    expect(backend.device.details).toMatchObject({ variant: "single", threads: 1, threadsAsked: 2 });
    expect(backend.device.details.reason).toContain("SharedArrayBuffer");
    await backend.dispose();
    const alone = await train(2);
    expect(alone.history).toEqual(shared.history);
    expect(alone.weights).toEqual(shared.weights);
  } finally {
    vi.unstubAllGlobals();
  }
});
