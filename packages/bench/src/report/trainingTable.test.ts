import { expect, it } from "vitest";
import { type BenchResult, nothingMeasured } from "./result.js";
import { formatTrainingTable } from "./trainingTable.js";

const wasm: BenchResult = {
  backend: "wasm",
  available: true,
  device: "AMD EPYC 9654 96-Core Processor, 2 threads",
  model: "tutorial",
  dataset: "mnist",
  seed: 0,
  epochs: 3,
  batchSize: 64,
  trainSamples: 60_000,
  testAccuracy: 0.98765,
  losses: [2.3],
  trainUsPerSample: 86.1234,
  stepMs: { p50: 5.5123, p95: 6.1 },
  evaluateUsPerSample: 36.1,
  compileMs: 12.3,
  firstStepMs: 45.6,
  peakMemoryBytes: 67_123_456,
};

it("shows figures, devices over several lines, and reasons across the table", () => {
  const table = formatTrainingTable([
    wasm,
    {
      ...wasm,
      ...nothingMeasured,
      backend: "tfjs-wasm",
      device: "TensorFlow.js",
      evaluateUsPerSample: 236.4,
      reason: "training: Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'",
    },
    {
      ...wasm,
      ...nothingMeasured,
      backend: "webgpu",
      available: false,
      device: null,
      reason:
        "webgpu: no adapter; Dawn found no driver: on Linux install a Vulkan driver (the GPU vendor's, or " +
        "mesa-vulkan-drivers 23 or later for the software adapter) or point VK_DRIVER_FILES at one",
    },
  ]);
  expect(`\n${table}\n`).toMatchInlineSnapshot(`
    "
                                        training      test   training      step ms  evaluation  compile    first     peak
    backend    device                    samples  accuracy  µs/sample    p50 / p95   µs/sample       ms  step ms   memory
    ---------  ---------------------  ----------  --------  ---------  -----------  ----------  -------  -------  -------
    wasm       AMD EPYC 9654 96-Core  60,000 x 3    98.77%       86.1  5.51 / 6.10        36.1     12.3     45.6  67.1 MB
               Processor, 2 threads
    tfjs-wasm  TensorFlow.js                   -         -          -            -         236        -        -        -
               training: Kernel 'Conv2DBackpropFilter' not registered for backend 'wasm'
    webgpu     webgpu: no adapter; Dawn found no driver: on Linux install a Vulkan driver (the GPU vendor's, or
               mesa-vulkan-drivers 23 or later for the software adapter) or point VK_DRIVER_FILES at one
    "
  `);
});

it("shows nothing but headings where nothing ran", () => {
  expect(formatTrainingTable([]).split("\n")).toHaveLength(3);
});
