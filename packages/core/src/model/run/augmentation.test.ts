import { describe, expect, it, vi } from "vitest";
import { dataset, syntheticDigits } from "../../datasets/index.js";
import {
  augment,
  type Callback,
  defineLayer,
  input,
  type Layer,
  layers,
  model,
  sequential,
  type TrainingState,
} from "../../index.js";
import { StepDraws } from "../../layers/augmentation/stepDraws.js";
import { reference } from "../../reference/index.js";

const { images, labels } = syntheticDigits({ samples: 50, seed: 1 });
const rows = images.shape[0]!;

const size = [28, 28, 1] as const;

const moving = (): Layer[] => [
  layers.randomRotation({ factor: 0.05 }),
  layers.randomZoom({ heightFactor: 0.1 }),
  layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1 }),
];
const changing = (): Layer[] => [
  ...moving(),
  layers.randomErasing({ valueRange: [0, 1] }),
  layers.randomBrightness({ factor: 0.2, valueRange: [0, 1] }),
  layers.randomContrast({ factor: 0.2, valueRange: [0, 1] }),
];

async function trained(own: readonly Layer[]) {
  const net = sequential([...own, layers.flatten(), layers.dense({ units: 10, activation: "softmax" })], { seed: 3 });
  net.compile({ backend: await reference(), optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
  return net;
}

/** A layer at the beginning says what samples look like. */
const begins = (own: readonly Layer[]): Layer[] => [layers.input({ shape: size }), ...own];

/** A model whose loss is a number of the batch that goes into it: the mean square of its pixels. */
async function watching(own: readonly Layer[]) {
  const scale = layers.dense({ units: 1, useBias: false, kernelInitializer: "zeros" });
  const weigh = defineLayer({
    className: "Weigh",
    defaultName: "weigh",
    parameters: () => [],
    addsLoss: true,
    apply({ graph, input: pixels, addLoss }) {
      const ramp = graph.apply("affine", [pixels], { scale: 1, offset: 0.1 })[0]!;
      addLoss(graph.apply("penalty", [ramp], { l1: 0, l2: 1, scale: 1 })[0]!);
      return ramp;
    },
  });
  const net = sequential([...begins(own), weigh, layers.flatten(), scale], { seed: 3 });
  net.compile({ backend: await reference(), optimizer: "sgd", loss: "meanSquaredError" });
  return net;
}

const squares = (data: ArrayLike<number>): number =>
  Array.from(data).reduce((sum, value) => sum + (value + 0.1) ** 2, 0);

describe("a model with layers that augment", () => {
  it("trains on what augment gives for the step, the seed and the layers", async () => {
    const net = await watching(changing());
    const zeros = new Float32Array(rows);
    for (const iteration of [0, 1, 2]) {
      const { loss } = await net.trainOnBatch(images, zeros, { seed: 7 });
      const { data } = await augment(images, begins(changing()), { seed: 7, iteration });
      expect(loss).toBeCloseTo(squares(data) / rows, 4);
    }
    const { loss } = await net.evaluate(images, zeros, { verbose: 0 });
    expect(loss).toBeCloseTo(squares(Array.from(images.data, (value) => value * images.scale!)) / rows, 4);
  });

  it("gives images on as they are in evaluation and prediction", async () => {
    const net = await trained(
      begins([...changing(), layers.randomFlip(), layers.mixUp(), layers.cutMix(), layers.gaussianBlur()]),
    );
    const plain = await trained(begins([]));
    await plain.setWeights(await net.getWeights());
    expect((await net.predict(images)).data).toEqual((await plain.predict(images)).data);
  });

  it("draws anew in every step and epoch, the same where it trains again", async () => {
    const losses = async (options: object = {}) =>
      (
        await (
          await watching(moving())
        ).fit(images, new Float32Array(rows), { ...{ batchSize: 10, epochs: 3, seed: 5, verbose: 0 }, ...options })
      ).history.loss!;
    const [first, again] = [await losses(), await losses()];
    expect(again).toEqual(first);
    expect(new Set(first.map((value) => value.toFixed(3))).size).toBe(3);
    expect(await losses({ seed: 6 })).not.toEqual(first);
  });

  it("reads the pixels of a row of layers once, whatever lies between in the model", async () => {
    const net = await trained(begins(moving()));
    const { ops } = net.plan({ print: () => undefined });
    expect(ops.filter(({ op }) => op === "warp2d").length).toBe(1);
    const x = input({ shape: size });
    const [turned] = [layers.randomRotation({ factor: 0.1 })(x)];
    const shifted = layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1 })(turned);
    const both = layers.flatten()(layers.add()([turned, shifted]));
    const branched = model({ inputs: x, outputs: layers.dense({ units: 10, activation: "softmax" })(both) });
    branched.compile({ backend: await reference(), loss: "sparseCategoricalCrossentropy" });
    expect(branched.plan({ print: () => undefined }).ops.filter(({ op }) => op === "warp2d").length).toBe(2);
  });

  it("runs those of models within", async () => {
    const inner = sequential(begins(moving()), { name: "augmentation" });
    const outer = await trained(begins([inner]));
    const flat = await trained(begins(moving()));
    const fit = async (net: typeof flat) =>
      (await net.fit(images, labels, { epochs: 2, batchSize: 16, seed: 2, verbose: 0 })).history.loss;
    expect(await fit(outer)).toEqual(await fit(flat));
  });

  it("mixes labels that can be mixed, and says what to do about others", async () => {
    const net = await trained(begins([layers.mixUp()]));
    await expect(net.fit(images, labels, { verbose: 0 })).rejects.toThrow(
      "layer mix_up mixes labels, but these are class numbers",
    );
    const oneHot = {
      data: Float32Array.from({ length: rows * 10 }, (_, i) => Number(labels.data[Math.floor(i / 10)] === i % 10)),
      shape: [rows, 10],
    };
    net.compile({ backend: await reference(), loss: "categoricalCrossentropy", metrics: ["accuracy"] });
    const { history } = await net.fit(images, oneHot, { epochs: 2, verbose: 0 });
    expect(history.loss!.every(Number.isFinite)).toBe(true);
  });

  it("mixes the labels of all outputs, and leaves every sample its weight", async () => {
    const x = input({ shape: size });
    const flat = layers.flatten()(layers.mixUp({ alpha: 1 })(x));
    const zero = (name: string) => layers.dense({ units: 1, kernelInitializer: "zeros", name })(flat);
    const net = model({ inputs: x, outputs: [zero("a"), zero("b")] });
    net.compile({ backend: await reference(), optimizer: "sgd", loss: "meanSquaredError" });
    const [a, b, weights] = [1, 2, 3].map((factor) => Float32Array.from({ length: rows }, (_, i) => (i * factor) % 7));
    const { loss } = await net.trainOnBatch(images, { a: a!, b: b! }, { seed: 7, sampleWeight: weights! });
    const expected = await Promise.all(
      [a!, b!].map(async (own) => {
        const [, mixed] = await augment(images, [layers.input({ shape: size }), layers.mixUp({ alpha: 1 })], {
          ...{ labels: own, seed: 7 },
        });
        return Array.from(mixed.data).reduce((sum, value, i) => sum + (weights![i]! * value ** 2) / rows, 0);
      }),
    );
    expect(loss).toBeCloseTo(expected[0]! + expected[1]!, 4);
  });

  it("refuses augmentation behind something that is trained", async () => {
    const net = sequential([
      ...begins([layers.conv2d({ filters: 1, kernelSize: 3 }), layers.randomFlip()]),
      ...[layers.flatten(), layers.dense({ units: 10, activation: "softmax" })],
    ]);
    net.compile({ backend: await reference(), loss: "sparseCategoricalCrossentropy" });
    await expect(net.fit(images, labels, { verbose: 0 })).rejects.toThrow(
      "layer random_flip augments samples and has no gradient, but something trainable stands before it",
    );
  });
});

describe("the numbers that are drawn", () => {
  const fit = async (x: unknown, y: unknown, options: object = {}) => {
    const net = await trained(begins(changing()));
    const { history } = await net.fit(x as never, y as never, { ...{ epochs: 3, seed: 5, verbose: 0 }, ...options });
    return { loss: history.loss, weights: (await net.getWeights()).map(({ data }) => [...data]) };
  };

  it("are those of a step, however its samples come to the device", async () => {
    const whole = await fit(images, labels, { batchSize: 16, shuffle: false });
    const batches = dataset([images, labels]).batch(16);
    for (const data of [
      batches,
      batches.map((batch) => batch),
      batches.map((batch) => batch, { concurrency: 3 }).prefetch(2),
    ]) {
      const other = await trained(begins(changing()));
      const { history } = await other.fit(data, { epochs: 3, seed: 5, verbose: 0 });
      expect(history.loss).toEqual(whole.loss);
      expect((await other.getWeights()).map(({ data: numbers }) => [...numbers])).toEqual(whole.weights);
    }
  });

  it.each([false, true])("go on in the middle of an epoch, streamed: %s", async (streamed) => {
    const pairs = dataset([images, labels]).shuffle(50, { seed: 2 }).batch(8);
    const data = streamed ? pairs.map((batch) => batch) : pairs;
    let state: TrainingState | undefined;
    const keep: Callback = {
      batchInterval: 1,
      async onBatchEnd(step, _, training) {
        const now = await training.getState();
        if (now.fit!.epoch === 1 && step === 2) {
          state = now;
        }
      },
    };
    const run = async (options: object) => {
      const net = await trained(begins(changing()));
      const { history } = await net.fit(data, { ...{ epochs: 3, seed: 5, verbose: 0 }, ...options });
      return { loss: history.loss!, weights: (await net.getWeights()).map(({ data: numbers }) => [...numbers]) };
    };
    const unbroken = await run({ callbacks: [keep] });
    const resumed = await run({ resumeFrom: state });
    expect(resumed.weights).toEqual(unbroken.weights);
    expect(resumed.loss).toEqual(unbroken.loss.slice(1));
  });
});

it("draws nothing for an epoch that does not come", async () => {
  const drawn = vi.spyOn(StepDraws.prototype, "draw");
  const wait: Callback = { onEpochEnd: () => new Promise((resolve) => setTimeout(resolve, 20)) };
  for (const x of [images, dataset([images, labels]).batch(16)]) {
    drawn.mockClear();
    const net = await trained(begins(moving()));
    const options = { epochs: 2, verbose: 0, callbacks: [wait] } as const;
    await (x === images ? net.fit(images, labels, { ...options, batchSize: 16 }) : net.fit(x as never, options));
    expect(drawn.mock.calls.map(([, iteration]) => iteration)).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  }
  drawn.mockRestore();
});

describe("dataset.map with layers", () => {
  it("gives the batches that a model trains on", async () => {
    const batches = dataset([images, labels]).batch(20).map(moving(), { seed: 4 });
    let position = 0;
    for (const epoch of [0, 1]) {
      for await (const [x, y] of batches.iterate(epoch)) {
        const from = (position % 3) * 20;
        const count = Math.min(20, rows - from);
        const batch = {
          ...images,
          data: images.data.subarray(from * 784, (from + count) * 784),
          shape: [count, ...size],
        };
        expect(x.data).toEqual((await augment(batch, moving(), { seed: 4, iteration: position })).data);
        expect([...y.data]).toEqual([...labels.data.subarray(from, from + count)]);
        position++;
      }
    }
    expect(position).toBe(6);
  });

  it("takes single images, and one layer", async () => {
    const flipped = dataset([images, labels.data]).map(layers.randomFlip(), { seed: 1 });
    for await (const [x, y] of flipped.take(20)) {
      expect(x.shape).toEqual([28, 28, 1]);
      expect(typeof y).toBe("number");
    }
    const alone = dataset(images).map(layers.randomFlip());
    for await (const x of alone.take(1)) {
      expect(x.shape).toEqual([28, 28, 1]);
    }
  });

  it("says which element does not fit", async () => {
    const wrong = dataset([Float32Array.of(1, 2)]).map(layers.randomFlip());
    await expect(wrong[Symbol.asyncIterator]().next()).rejects.toThrow("dataset: map failed at element 0");
  });
});
