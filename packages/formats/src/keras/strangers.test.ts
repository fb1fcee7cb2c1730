import { join } from "node:path";
import { wasm } from "@convoy/backend-wasm";
import type { Backend, Tensor } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { expectedOf, reasonToSkip, testImages } from "../testing/strangersFiles.js";
import { loadStranger } from "../testing/strangersModels.js";
import { readTfjs } from "../tfjs/index.js";
import { readKeras } from "./index.js";

const models = join(process.env.CONVOY_DATA_DIR ?? "", "models");

/** Every file of these formats, and what it warns of. */
const files: readonly (readonly [name: string, warnings: readonly string[]])[] = [
  ["mnist-cnn-01.keras", []],
  ["mnist-cnn-bn-03.keras", []],
  ["mnist-cnn-augmented-05.keras", []],
  ["mnist-resnet-07.keras", []],
  ["cifar10-cnn-09.keras", []],
  ["cifar10-cnn-keras2-11.keras", []],
  ["mnist-cnn-really-hdf5-13.keras", []],
  ["cifar10-cnn-bn-15.keras", []],
  ["mnist-cnn-keras1-17.weights.h5", []],
  ["mnist-cnn-keras3-19.weights.h5", []],
  ["steering-cnn-keras1-21.h5", []],
  ["fashion-mnist-cnn-keras2-23.h5", []],
  ["mnist-cnn-keras2-25.h5", []],
  ["cifar10-resnet8-27.h5", []],
  ["mnist-cnn-keras3-29.h5", []],
  ["mnist-cnn-channels-first-31.h5", []],
  ["cifar10-cnn-bn-33.weights.h5", []],
  ["tfjs-mnist-cnn-keras2-61", []],
  ["tfjs-teachable-machine-63", []],
  ["tfjs-mnist-cnn-keras3-65", []],
  ["tfjs-mobilenetv2-quantised-67", []],
];

/** As many samples as predictions are known for, in the order of axes of the file. */
function samplesOf(name: string, count?: number): { samples: Tensor<Float32Array>; labels: readonly number[] } {
  const { input, shape } = expectedOf(name);
  if (input.startsWith("x[i] = sin(i)")) {
    const size = shape.reduce((product, length) => product * length, 1);
    return { samples: { data: Float32Array.from({ length: size }, (_, i) => Math.sin(i)), shape }, labels: [] };
  }
  const { images, labels } = testImages(input, count ?? shape[0]!);
  return { samples: { data: images.data, shape: [count ?? shape[0]!, ...shape.slice(1)] }, labels };
}

describe.skipIf(reasonToSkip !== undefined)(`files of other people${reasonToSkip ? `: ${reasonToSkip}` : ""}`, () => {
  let plain: Backend;
  let fast: Backend;
  beforeAll(async () => {
    [plain, fast] = await Promise.all([reference(), wasm()]);
  });
  afterAll(() => {
    plain.dispose();
    fast.dispose();
  });

  test.each(files)("%s predicts what its own framework does", async (name, warnings) => {
    const told: string[] = [];
    // 224 x 224 takes the reference backend too long.
    const backend = expectedOf(name).shape[1] === 224 ? fast : plain;
    const model = await loadStranger(name, { backend, warn: (message) => told.push(message) });
    const { data } = await model.predict(samplesOf(name).samples);
    const { predictions, accuracy1000 } = expectedOf(name);
    const expected = predictions.flat();
    expect(data).toHaveLength(expected.length);
    expect(Math.max(...expected.map((value, index) => Math.abs(value - data[index]!)))).toBeLessThan(1e-4);
    // Of layers; what a file says of training and cannot be taken over is told as well.
    const layers = told.filter((message) => message.startsWith("layer "));
    expect(layers.map((message) => /\((\w+)\)/.exec(message)?.[1])).toEqual(warnings);
    if (accuracy1000 !== null) {
      model.compile({ backend: fast });
      const { samples, labels } = samplesOf(name, 1000);
      const { data: outputs } = await model.predict(samples);
      const right = labels.filter((label, image) => {
        const row = [...outputs.subarray(image * 10, image * 10 + 10)];
        return row.indexOf(Math.max(...row)) === label;
      });
      expect(right.length / 1000).toBe(accuracy1000);
    }
    model.dispose();
  });

  test("a model of which a file of weights is missing names that file", async () => {
    await expect(readTfjs(join(models, "../pretrained/mobilenetv2-imagenet"))).rejects.toThrow(
      /group4-shard1of2 cannot be read: there is no such file/,
    );
  });

  test("a subclassed model is refused with the remedy", async () => {
    await expect(readKeras(join(models, "refused-subclassed-35.keras"))).rejects.toThrow(
      /CIFAR10Model.*Python code.*loadWeights/,
    );
  });

  test("weights alone are refused without the layers that they are of", async () => {
    await expect(readKeras(join(models, "mnist-cnn-keras3-19.weights.h5"))).rejects.toThrow(/pass architecture/);
  });
});
