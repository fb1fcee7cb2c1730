import { expect, it } from "vitest";
import { requestAdapter } from "../device/adapter.js";
import { webgpu } from "../index.js";
import { countLiveBuffers } from "../testing/liveBuffers.js";
import { squares, tiny, training } from "../testing/models.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";

useSoftwareGpu();

it("1,000 steps keep the same buffers", async () => {
  const device = await (await requestAdapter(undefined)).requestDevice();
  const live = countLiveBuffers(device);
  const backend = await webgpu({ device });
  const { images, labels } = squares(160);
  const model = tiny();
  model.compile({ ...training, backend });
  const counts: number[] = [];
  const bytes: number[] = [];
  const onEpochEnd = (): void => {
    counts.push(live());
    bytes.push(backend.memory().usedBytes);
  };
  // The first epochs find out how many steps fit into a run; after that nothing may grow.
  const options = { epochs: 100, batchSize: 16, verbose: 0, callbacks: [{ onEpochEnd }] } as const;
  const { history } = await model.fit(images, labels, options);
  expect(counts).toHaveLength(100);
  expect(Math.max(...counts.slice(20))).toBeLessThanOrEqual(Math.max(...counts.slice(0, 20)));
  expect(Math.max(...bytes.slice(20))).toBeLessThanOrEqual(Math.max(...bytes.slice(0, 20)));
  expect(history.accuracy!.at(-1)).toBeGreaterThan(0.95);
  await backend.dispose();
  expect(live()).toBe(0);
  device.destroy();
});
