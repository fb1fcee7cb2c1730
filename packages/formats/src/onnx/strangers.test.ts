import { wasm } from "@convoy/backend-wasm";
import { type Backend, loadModel } from "@convoy/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { compared, expectedOf, reasonToSkip, strangersFile, testImages } from "../testing/strangersFiles.js";
import { readOnnx } from "./readOnnx.js";

const files = [
  "mnist-7-cntk-41.onnx",
  "mnist-cnn-pytorch-43.onnx",
  "mnist-cnn-tf2onnx-45.onnx",
  "mnist-cnn-bn-whitematter-47.onnx",
  "mnist-lenet-branches-49.onnx",
  "mnist-cnn-keras2onnx-51.onnx",
  "mnist-cnn-pytorch-logsoftmax-53.onnx",
];

if (reasonToSkip !== undefined) {
  console.log(`ONNX files of others: skipped, ${reasonToSkip}`);
}

describe.skipIf(reasonToSkip !== undefined)("ONNX files of others", () => {
  let backend: Backend;

  beforeAll(async () => {
    backend = await wasm();
  });

  afterAll(async () => {
    await backend.dispose();
  });

  it.each(files)("%s predicts what ONNX Runtime does", async (name) => {
    const model = await readOnnx(strangersFile(name));

    const { difference, accuracy, expectedAccuracy } = await compared(model, name, backend);

    expect(difference).toBeLessThan(1e-4);
    expect(accuracy).toBeCloseTo(expectedAccuracy!, 3);
    // What was read is a model like any other: it is saved and comes back.
    const again = await loadModel(await model.save(), { backend });
    const { images } = testImages(expectedOf(name).input, 16);
    expect((await again.predict(images)).data).toEqual((await model.predict(images)).data);
    model.dispose();
    again.dispose();
  });
});
