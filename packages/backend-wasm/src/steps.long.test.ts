import { expect, it } from "vitest";
import { builtPackage } from "./testing/builtPackage.js";
import { digits, smallModel } from "./testing/smallModel.js";

const { wasm } = await builtPackage();

it("takes no more memory after 10,000 steps than after 100", async () => {
  const backend = await wasm({ threads: 2 });
  const model = smallModel(backend);
  const options = { batchSize: 20, verbose: 0 } as const;
  await model.fit(digits.images, digits.labels, { ...options, epochs: 10 });
  const early = backend.memory();
  const residentEarly = process.memoryUsage.rss();
  await model.fit(digits.images, digits.labels, { ...options, epochs: 990 });
  expect(backend.memory()).toEqual(early);
  expect(process.memoryUsage.rss() - residentEarly).toBeLessThan(32 << 20);
  await backend.dispose();
});
