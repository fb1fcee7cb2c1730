import { describe, expect, it } from "vitest";
import { layers, sequential, type Tensor } from "../index.js";
import { reference } from "../reference/index.js";
import { dataset, type ImageDataGeneratorOptions, imageDataGenerator, syntheticDigits } from "./index.js";

const { images, labels } = syntheticDigits({ samples: 60, seed: 1 });
const print = (): void => undefined;
const tutorial = { rotationRange: 10, zoomRange: 0.1, widthShiftRange: 0.1, heightShiftRange: 0.1, print } as const;

function said(options: ImageDataGeneratorOptions): string {
  let text = "";
  imageDataGenerator({ ...options, print: (line) => (text = line) });
  return text;
}

async function net(seed = 3) {
  const model = sequential(
    [layers.flatten({ inputShape: [28, 28, 1] }), layers.dense({ units: 10, activation: "softmax" })],
    { seed },
  );
  model.compile({
    backend: await reference(),
    optimizer: "sgd",
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  return model;
}

/** What a generator whose options leave nothing to chance makes of one image of one channel. */
async function changed(rows: readonly (readonly number[])[], options: ImageDataGeneratorOptions): Promise<number[]> {
  const x = { data: Float32Array.from(rows.flat()), shape: [1, rows.length, rows[0]!.length, 1] };
  for await (const batch of imageDataGenerator({ ...options, print }).flow(x)) {
    return [...batch.data].map((value) => Number(value.toFixed(4)));
  }
  return [];
}

describe("imageDataGenerator", () => {
  it("says which layers it stands for", () => {
    expect(said(tutorial)).toBe(
      "imageDataGenerator stands for these layers, which run in the training step: " +
        'layers.randomRotation({ factor: 0.0278, fillMode: "nearest" }), ' +
        'layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1, fillMode: "nearest" }), ' +
        'layers.randomZoom({ heightFactor: [-0.1, 0.1], widthFactor: [-0.1, 0.1], fillMode: "nearest" })',
    );
    expect(said({ horizontalFlip: true, rescale: 1 / 255, shearRange: 5, widthShiftRange: 3 })).toMatch(
      /a shift by up to 0 of the size down or up, less than 3 pixels .*a shear by up to 5 degrees.*randomFlip\({ mode: "horizontal" }\), layers.rescaling/,
    );
    expect(said({})).toBe("imageDataGenerator: gives images on as they are");
  });

  it("trains a model on its device on what it gives by hand", async () => {
    const flow = imageDataGenerator({ ...tutorial, horizontalFlip: true, rescale: 0.5, channelShiftRange: 0.2 }).flow(
      images,
      labels,
      {
        ...{ batchSize: 16, seed: 4 },
      },
    );
    expect(flow.size).toBe(4);
    const direct = await net();
    const { history } = await direct.fit(flow, { epochs: 2, verbose: 0 });
    const byHand = await net();
    // Without its augmentation attached, the data set's elements are what is trained on.
    const { history: expected } = await byHand.fit(
      flow.map((batch) => batch),
      { epochs: 2, verbose: 0 },
    );
    history.loss!.forEach((loss, epoch) => {
      expect(loss).toBeCloseTo(expected.loss![epoch]!, 5);
    });
    const [a, b] = [await direct.getWeights(), await byHand.getWeights()];
    a[0]!.data.forEach((value, index) => {
      expect(Math.abs(value - b[0]!.data[index]!)).toBeLessThan(1e-5);
    });
    const plain = await net();
    const { history: other } = await plain.fit(dataset([images, labels]).shuffle(60, { seed: 4 }).batch(16), {
      epochs: 2,
      verbose: 0,
    });
    expect(other.loss![1]).not.toBeCloseTo(history.loss![1]!, 3);
  });

  it("draws from a seed of its own, and leaves that of fit to the layers of the model", async () => {
    const generator = imageDataGenerator({ ...tutorial });
    const train = async (flow: object, seed: number): Promise<number> => {
      const turned = layers.randomRotation({ factor: 0.2, inputShape: [28, 28, 1] });
      const model = sequential([turned, layers.flatten(), layers.dense({ units: 10, activation: "softmax" })], {
        seed: 3,
      });
      model.compile({ backend: await reference(), optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
      return (await model.fit(flow as never, { seed, verbose: 0 })).history.loss![0]!;
    };
    const flow = generator.flow(images, labels, { seed: 4, shuffle: false });
    const byHand = flow.map((batch) => batch);
    for (const seed of [4, 9]) {
      expect(await train(flow, seed)).toBeCloseTo(await train(byHand, seed), 5);
    }
    const unseeded = generator.flow(images, labels, { shuffle: false });
    expect(await train(unseeded, 4)).toBe(await train(flow, 4));
    expect(await train(unseeded, 9)).not.toBeCloseTo(await train(flow, 9), 4);
  });

  it("puts its layers into the plan of the step, and none into that of evaluation", async () => {
    const seen: string[] = [];
    const backend = await reference();
    const compile = backend.compile.bind(backend);
    backend.compile = async (plan, buffers) => {
      seen.push(`${plan.mode}: ${plan.ops.map(({ op }) => op).filter((op) => op === "warp2d")}`);
      return await compile(plan, buffers);
    };
    const model = await net();
    model.compile({ backend, loss: "sparseCategoricalCrossentropy" });
    const flow = imageDataGenerator(tutorial).flow(images, labels, { batchSize: 20 });
    await model.fit(flow, { epochs: 2, stepsPerEpoch: 3, validationData: [images, labels], verbose: 0 });
    await model.fit(flow.repeat().prefetch(1), { stepsPerEpoch: 5, verbose: 0 });
    expect(seen.filter((text) => text.startsWith("train"))).toEqual(["train: warp2d", "train: warp2d"]);
    expect(new Set(seen.filter((text) => text.startsWith("evaluate")))).toEqual(new Set(["evaluate: "]));
  });

  it("shifts by whole pixels, shears and zooms as Keras does", async () => {
    const row = [[1, 2, 3, 4, 5]];
    for (const widthShiftRange of [[2], [-2]]) {
      expect([
        [1, 1, 1, 2, 3],
        [3, 4, 5, 5, 5],
      ]).toContainEqual(await changed(row, { widthShiftRange }));
    }
    expect(await changed(row, { widthShiftRange: 1 })).toEqual([1, 2, 3, 4, 5]);
    expect(await changed(row, { zoomRange: [0.5, 0.5] })).toEqual([2, 2.5, 3, 3.5, 4]);
    expect(await changed(row, { zoomRange: [2, 2], fillMode: "constant", cval: 9 })).toEqual([9, 1, 3, 5, 9]);
    const sheared = await changed(
      [
        [1, 2, 3],
        [4, 5, 6],
        [7, 8, 9],
      ],
      { shearRange: 20 },
    );
    expect(sheared[4]).toBe(5);
    expect(sheared).not.toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
  });

  it("changes colours and rescales", async () => {
    const row = [[10, 200]];
    expect(await changed(row, { brightnessRange: [2, 2] })).toEqual([20, 255]);
    expect(await changed(row, { brightnessRange: [0.5, 0.5], rescale: 1 / 10 })).toEqual([0.5, 10]);
    const [low, high] = await changed(row, { channelShiftRange: 5 });
    expect(high! - low!).toBeCloseTo(190, 3);
  });

  it("brings channels to mean 0 and deviation 1 by what fit has found", async () => {
    const data = Uint8Array.from({ length: 4 * 2 * 2 * 3 }, (_, i) => (i * 37) % 256);
    const x: Tensor = { data, shape: [4, 2, 2, 3], scale: 1 / 255 };
    const generator = imageDataGenerator({
      featurewiseCenter: true,
      featurewiseStdNormalization: true,
      rescale: 2,
      print,
    });
    expect(() => generator.flow(x)).toThrow("call fit(x) first");
    generator.fit(x);
    for await (const batch of generator.flow(x, null, { shuffle: false })) {
      for (const channel of [0, 1, 2]) {
        const values = [...batch.data].filter((_, index) => index % 3 === channel);
        const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
        const variance = values.reduce((sum, value) => sum + (value - mean) ** 2, 0) / values.length;
        expect(Math.abs(mean)).toBeLessThan(1e-5);
        expect(Math.abs(variance - 1)).toBeLessThan(1e-4);
      }
    }
    const centred = imageDataGenerator({ featurewiseCenter: true, print });
    const grey = { data: Float32Array.of(1, 3), shape: [2, 1, 1, 1] };
    centred.fit(grey);
    for await (const [first] of [...(await all(centred.flow(grey, null, { shuffle: false })))].map(({ data: own }) => [
      own,
    ])) {
      expect([...first!]).toEqual([-1, 1]);
    }
  });

  it("gives the parts of a split, weights, and batches of other data sets", async () => {
    const generator = imageDataGenerator({ validationSplit: 0.2, horizontalFlip: true, print });
    expect(generator.flow(images, labels, { subset: "training", batchSize: 16 }).size).toBe(3);
    const held = await all(generator.flow(images, labels, { subset: "validation", shuffle: false }));
    expect([...held[0]![1].data]).toEqual([...labels.data.subarray(0, 12)]);
    const [weighted] = await all(generator.flow(images, labels, { sampleWeight: new Float32Array(60).fill(0.5) }));
    expect(weighted!.map(({ shape }) => shape)).toEqual([[32, 28, 28, 1], [32], [32]]);
    const folder = generator.flowFromDirectory(
      dataset([images, labels])
        .map((pair) => pair)
        .batch(20),
      { seed: 1 },
    );
    expect((await all(folder)).map(([x]) => x.shape[0])).toEqual([20, 20, 20]);
    const model = await net();
    const { history } = await model.fit(folder, { epochs: 2, verbose: 0 });
    expect(history.loss!.every(Number.isFinite)).toBe(true);
  });

  it.each([
    [{ rotationRange: 500 }, "imageDataGenerator: rotationRange is 500, expected degrees from 0 to 360"],
    [{ heightShiftRange: -0.2 }, "heightShiftRange is -0.2, expected a number from 0 on, or a list of numbers"],
    [{ rescale: Number.NaN }, "rescale is NaN, expected a finite number"],
    [{ verticalFlip: "yes" }, "verticalFlip is yes, expected true or false"],
    [{ zcaWhitening: true }, "zcaWhitening is not an option here: whitening is not here"],
    [{ samplewiseCenter: true }, "featurewiseCenter"],
    [{ preprocessingFunction: () => 0 }, "dataset(...).map(f)"],
    [{ rotation_range: 10 }, "did you mean rotationRange?"],
    [{ rotationRange: -1 }, "rotationRange is -1"],
    [{ zoomRange: 1 }, "zoomRange is 1"],
    [{ zoomRange: [0.5, 3] }, "zoomRange is [0.5,3]"],
    [{ zoomRange: [0.5, 1, 1.5] }, "zoomRange is [0.5,1,1.5]"],
    [{ brightnessRange: [2, 1] }, "brightnessRange is [2,1]"],
    [{ brightnessRange: 0.5 }, "brightnessRange is 0.5"],
    [{ interpolationOrder: 3 }, "interpolationOrder is 3"],
    [{ widthShiftRange: [] }, "widthShiftRange is []"],
    [{ fillMode: "edge" }, "fillMode is edge, expected nearest, constant, reflect, wrap"],
    [{ validationSplit: 1 }, "validationSplit is 1"],
  ])("refuses %j", (options, message) => {
    expect(() => imageDataGenerator({ rotationRange: 3, ...options, print } as never)).toThrow(message);
  });

  it("refuses what is no images, and parts of no split", () => {
    const generator = imageDataGenerator({ ...tutorial });
    expect(() => generator.fit([[1, 2]])).toThrow("fit: x has shape [1,2], expected images [N,H,W,C]");
    expect(() => generator.flow(images, labels, { subset: "training" })).toThrow("a validationSplit of 0");
    expect(() => imageDataGenerator({ ...tutorial, zcaWhitening: false } as never)).not.toThrow();
    const halves = imageDataGenerator({ ...tutorial, validationSplit: 0.5 });
    expect(() => halves.flow(images, labels.data.subarray(0, 50), { subset: "training" })).toThrow(
      "flow: [50] is not as many as the images [60,28,28,1]",
    );
  });
});

async function all<T>(data: AsyncIterable<T>): Promise<T[]> {
  const elements: T[] = [];
  for await (const element of data) {
    elements.push(element);
  }
  return elements;
}
