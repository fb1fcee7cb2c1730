import { applications, optimizers } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { expect, it } from "vitest";
import { webgpu } from "./index.js";
import { useSoftwareGpu } from "./testing/softwareGpu.js";

useSoftwareGpu();

const [batchSize, size, classes] = [3, 96, 10];

/** Losses of two training steps of a MobileNetV2 on the same images. */
async function losses(backend: Backend): Promise<number[]> {
  const model = applications.mobileNetV2({ alpha: 0.35, inputShape: [size, size, 3], classes, seed: 5 });
  model.compile({ backend, optimizer: optimizers.sgd({ learningRate: 0.01 }), loss: "sparseCategoricalCrossentropy" });
  const data = Float32Array.from({ length: batchSize * size * size * 3 }, (_, index) =>
    Math.sin(index * 0.37 + (index % 11)),
  );
  const x = { data, shape: [batchSize, size, size, 3] };
  const y = { data: Int32Array.from({ length: batchSize }, (_, sample) => sample * 3), shape: [batchSize] };
  const found: number[] = [];
  for (let step = 0; step < 2; step++) {
    found.push((await model.trainOnBatch(x, y)).loss!);
  }
  model.dispose();
  await backend.dispose();
  return found;
}

it("trains a MobileNetV2 as the reference does", async () => {
  const expected = await losses(await reference());
  for (const kernels of ["registers", "tiled"] as const) {
    const found = await losses(await webgpu({ kernels }));
    console.log(kernels, found, expected);
    found.forEach((loss, step) => {
      expect(Math.abs(loss - expected[step]!)).toBeLessThan(1e-3 * expected[step]!);
    });
  }
}, 900_000);
