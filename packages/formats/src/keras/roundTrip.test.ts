import {
  type Backend,
  input,
  type Layer,
  layers,
  type Model,
  model,
  modelTopology,
  sequential,
  type Tensor,
} from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { fillWeights, graph, rareLayers, samplesFor, stack } from "../testing/sampleModels.js";
import { readTfjs, writeTfjs } from "../tfjs/index.js";
import { readKeras, writeKeras, writeKerasH5 } from "./index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

async function outputsOf(made: Model): Promise<number[]> {
  made.compile({ backend });
  const samples = samplesFor(made);
  const outputs: Tensor<Float32Array> | Tensor<Float32Array>[] = await made.predict(
    samples.length === 1 ? samples[0]! : samples,
  );
  return [outputs].flat().flatMap(({ data }) => [...data]);
}

/** Class and options of all layers, models within taken apart; without names. */
function optionsOf(made: Model): unknown[] {
  return made.layers
    .filter(({ className }) => className !== "InputLayer")
    .flatMap((layer: Layer) => {
      if ("layers" in layer) {
        return optionsOf(layer as Model);
      }
      const { name: _, inputShape: __, ...config } = layer.config ?? {};
      return [{ className: layer.className, ...config }];
    });
}

/** Keras has some activations as layers, others by name only, and statistics as weights. */
function asKerasHasIt(options: unknown): unknown {
  const { className, mean: _, variance: __, ...others } = options as Record<string, unknown>;
  return className === "Silu" || className === "HardSilu"
    ? { className: "Activation", activation: className === "Silu" ? "silu" : "hardSilu", ...others }
    : { className, ...others };
}

const writable = {
  keras: { write: writeKeras, read: readKeras },
  h5: { write: writeKerasH5, read: readKeras },
  tfjs: { write: writeTfjs, read: readTfjs },
} as const;

describe.each(["keras", "h5", "tfjs"] as const)("a model written as %s and read back", (format) => {
  const { write, read } = writable[format];

  test.each([
    ["stack", stack],
    ["graph", graph],
    ...(format !== "keras" ? [] : ([["rareLayers", rareLayers]] as const)),
  ] as const)("%s predicts the same", async (_, make) => {
    const made = make();
    await fillWeights(made);
    const told: string[] = [];
    const again = await read(await write(made), { warn: (message) => told.push(message) });
    const expected = await outputsOf(made);
    const actual = await outputsOf(again);
    expect(Math.max(...expected.map((value, index) => Math.abs(value - actual[index]!)))).toBe(0);
    expect(new Set(expected).size).toBeGreaterThan(10);
    expect(optionsOf(again)).toEqual(optionsOf(made).map(asKerasHasIt));
    expect(told).toEqual([]);
  });
});

/** Layers that augment images, all of their options unlike the defaults. */
const inBoth = (): Layer[] => [
  layers.randomFlip({ mode: "horizontalAndVertical" }),
  layers.randomRotation({ factor: [-0.1, 0.2], fillMode: "constant", fillValue: 3, interpolation: "nearest" }),
  layers.randomZoom({ heightFactor: [0.1, 0.2], widthFactor: 0.3, fillMode: "wrap" }),
  layers.randomZoom({ heightFactor: 0.1 }),
  layers.randomTranslation({ heightFactor: 0.1, widthFactor: [0, 0.2], fillMode: "nearest" }),
  layers.randomBrightness({ factor: 0.3, valueRange: [0, 1] }),
  layers.randomContrast({ factor: [0.1, 0.3] }),
  layers.randomCrop({ height: 7, width: 6 }),
];
const inKeras3 = (): Layer[] => [
  layers.randomContrast({ factor: 0.2, valueRange: [-1, 1] }),
  layers.randomHue({ factor: 0.2, valueRange: [0, 1] }),
  layers.randomSaturation({ factor: [0.3, 0.6], valueRange: [0, 1] }),
  layers.randomInvert({ factor: 0.3, valueRange: [0, 1] }),
  layers.randomErasing({ factor: 0.4, scale: [0.1, 0.2], fillValue: 0.5 }),
  layers.randomErasing({ fillValue: [1, 2, 3] }),
  layers.randomErasing(),
  layers.gaussianBlur({ factor: 0.4, kernelSize: [5, 3], sigma: [0.2, 0.7] }),
  layers.randomShear({ xFactor: [0.1, 0.2], yFactor: 0.1, fillMode: "wrap" }),
  layers.mixUp({ alpha: 0.4 }),
  layers.cutMix({ factor: [0.2, 0.7] }),
];

test.each([
  ["keras", [...inBoth(), ...inKeras3()]],
  ["h5", inBoth()],
] as const)("layers that augment are the same from a file: %s", async (format, own) => {
  const made = sequential([layers.input({ shape: [8, 8, 3] }), ...own, layers.flatten(), layers.dense({ units: 2 })]);
  const told: string[] = [];
  const again = await readKeras(await writable[format].write(made), { warn: (message) => told.push(message) });
  expect(optionsOf(again as Model)).toEqual(optionsOf(made));
  expect(told).toEqual([]);
});

/** Layers that give their input on when a model predicts, and that not every program has. */
const idle = (): Layer[] => [
  ...inBoth().filter(({ className }) => className !== "RandomCrop"),
  ...inKeras3(),
  layers.spatialDropout2d({ rate: 0.3 }),
  layers.activityRegularization({ l2: 0.1 }),
];

test.each([
  ["tfjs", idle()],
  ["h5", inKeras3().filter(({ className }) => className !== "RandomContrast")],
] as const)("layers that only training knows are left out of %s with a warning", async (format, own) => {
  const { write, read } = writable[format];
  const end = [layers.flatten(), layers.dense({ units: 2, name: "end" })];
  const inner = sequential([layers.input({ shape: [8, 8, 3] }), ...own, ...end], { name: "inner" });
  const start = input({ shape: [8, 8, 3] });
  const flipped = layers.mixUp({ name: "before" })(start);
  const made = model({ inputs: start, outputs: inner(layers.add()([flipped, start])) }) as unknown as Model;
  await fillWeights(made);
  const told: string[] = [];
  const warn = (message: string): number => told.push(message);
  const again = await read((await write(made, { warn })) as Parameters<typeof read>[0], { warn });
  expect(told).toHaveLength(1);
  expect(told[0]).toMatch(
    /are written as layers that give on what they get.*(TensorFlow\.js|Keras 2) has no such layer/,
  );
  for (const { className } of own) {
    expect(told[0]).toContain(`(${className})`);
  }
  expect(told[0]).toContain("before (MixUp)");
  expect(await outputsOf(again)).toEqual(await outputsOf(made));
  // They keep their names and places.
  const names = ["input_layer", "before", "add", "inner"];
  expect(modelTopology(made).config.layers.map(({ name }) => name)).toEqual(names);
  expect(again.layers.map(({ name }) => name)).toEqual(names);
});

test("equal models make equal files", async () => {
  const [first, second] = [stack(), stack()];
  await fillWeights(first);
  await fillWeights(second);
  expect(await writeKeras(first)).toEqual(await writeKeras(second));
});

test("what a program has no word for is refused with the remedy", async () => {
  const made = (layer: Layer): Model => sequential([layers.input({ shape: [4, 4, 4] }), layer]);
  await expect(writeTfjs(made(layers.groupNormalization({ groups: 2 })))).rejects.toThrow(
    /TensorFlow.js has no such layer/,
  );
  // It takes the middle of the images when a model predicts.
  await expect(writeTfjs(made(layers.randomCrop({ height: 2, width: 2 })))).rejects.toThrow(
    /layer random_crop \(RandomCrop\): TensorFlow.js has no such layer; leave it out of the model/,
  );
  await expect(writeKerasH5(made(layers.randomContrast({ factor: 0.1, valueRange: [0, 1] })))).rejects.toThrow(
    /keeps contrast within \[0, 255\], not \[0,1\]/,
  );
  await expect(writeTfjs(made(layers.conv2d({ filters: 4, kernelSize: 1, groups: 2 })))).rejects.toThrow(/groups/);
  await expect(
    writeKerasH5(made(layers.conv2d({ filters: 4, kernelSize: 1, activation: "hardSigmoid" }))),
  ).rejects.toThrow(/Keras 2 has no activation "hardSigmoid"/);
});
