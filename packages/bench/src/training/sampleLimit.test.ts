import { expect, it } from "vitest";
import { sampleLimit } from "./sampleLimit.js";

const device = (details: Record<string, boolean>) => ({ name: "some device", details });

it("limits the reference and software adapters, and nothing else", () => {
  expect(sampleLimit({ name: "reference", device: device({}) }, 1, 64)).toBe(20_000);
  expect(sampleLimit({ name: "webgpu", device: device({ software: true }) }, 1, 64)).toBe(8000);
  expect(sampleLimit({ name: "webgpu", device: device({ software: false }) }, 1, 64)).toBeUndefined();
  expect(sampleLimit({ name: "wasm", device: device({}) }, 1, 64)).toBeUndefined();
});

it("gives fewer samples the more epochs there are, and at least a batch", () => {
  const reference = { name: "reference", device: device({}) };
  expect(sampleLimit(reference, 3, 64)).toBe(6666);
  expect(sampleLimit(reference, 1000, 64)).toBe(64);
});
