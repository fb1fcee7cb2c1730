import { DeviceError } from "@convoy/core/backend";
import { expect, it } from "vitest";
import type { Heap } from "../memory/heap.js";
import { InlineRunner } from "./inlineRunner.js";
import type { Job } from "./job.js";

const job: Job = {
  scratch: 4096,
  scratchStride: 0,
  program: 2048,
  steps: 8192,
  stepCount: 3,
  stepMicroseconds: 1,
  results: 12_288,
};

it("a trap is a DeviceError, then and from then on", async () => {
  const heap = { memory: new WebAssembly.Memory({ initial: 1 }), allocate: () => 1024 } as unknown as Heap;
  let calls = 0;
  const run = (): number => {
    calls++;
    throw new WebAssembly.RuntimeError("unreachable");
  };
  const runner = new InlineRunner(heap, { exports: { run } } as unknown as WebAssembly.Instance);
  for (let time = 0; time < 2; time++) {
    const running = runner.run(job);
    await expect(running).rejects.toThrow(DeviceError);
    await expect(running).rejects.toThrow("wasm: a step failed: unreachable. Dispose this backend and make a new one");
  }
  expect(calls).toBe(1);
});
