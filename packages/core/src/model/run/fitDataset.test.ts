import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend } from "../../backend/index.js";
import { dataset } from "../../datasets/index.js";
import {
  ArgumentError,
  type Callback,
  DataError,
  type FitOptions,
  input,
  layers,
  model as modelOf,
  type Progress,
  ShapeError,
  sequential,
  type Tensor,
  type Training,
  type TrainingState,
} from "../../index.js";
import { RandomStream } from "../../random/index.js";
import { reference } from "../../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());
afterEach(() => {
  vi.restoreAllMocks();
});

const samples = 301;
const random = new RandomStream(7, "test");
const x: Tensor<Float32Array> = {
  data: Float32Array.from({ length: samples * 4 }, () => random.normal()),
  shape: [samples, 4],
};
const y: Tensor<Int32Array> = {
  data: Int32Array.from({ length: samples }, (_, row) => (x.data[row * 4]! > 0 ? 1 : 0)),
  shape: [samples],
};
const pairs = dataset([x, y]);
/** The same elements, of which nothing is known beforehand. */
const stream = dataset(async function* () {
  yield* pairs.iterate();
});

function compiled(on: Backend = backend) {
  const built = sequential([
    layers.dense({ units: 6, activation: "relu", inputShape: [4] }),
    layers.dropout({ rate: 0.2 }),
    layers.dense({ units: 1, activation: "sigmoid" }),
  ]);
  built.compile({ backend: on, optimizer: "adam", loss: "binaryCrossentropy", metrics: ["accuracy", "auc"] });
  return built;
}

async function weightsOf(model: { getWeights(): Promise<{ data: Float32Array }[]> }) {
  return (await model.getWeights()).map(({ data }) => data);
}

const quiet = { verbose: 0 } as const;

describe("fit over a data set", () => {
  it("trains to the same bits as over arrays, whether it knows its size or not", async () => {
    const options = { ...quiet, epochs: 2 };
    const model = compiled();
    const { history } = await model.fit(x, y, { ...options, batchSize: 2, shuffle: false });
    const expected = await weightsOf(model);
    // 151 batches: several windows, the last batch smaller.
    for (const data of [pairs.batch(2), pairs.map((pair) => pair).batch(2), stream.batch(2).prefetch(3)]) {
      const other = compiled();
      const { history: found, epochs } = await other.fit(data, options);
      expect(await weightsOf(other)).toEqual(expected);
      expect(found).toEqual(history);
      expect(epochs).toEqual([0, 1]);
    }
  });

  it("trains to the same bits where the arrays are on the device and where they stream", async () => {
    const shuffled = pairs.shuffle(100, { seed: 3 }).batch(8, { dropRemainder: true });
    const lines = vi.spyOn(console, "log").mockReturnValue();
    const results: unknown[] = [];
    for (const maxDeviceBytes of [2 ** 20, 1]) {
      const model = compiled();
      await model.fit(shuffled, { epochs: 2, verbose: 2, maxDeviceBytes });
      results.push(await weightsOf(model));
    }
    expect(results[0]).toEqual(results[1]);
    const printed = lines.mock.calls.flat().join("\n");
    expect(printed).toContain("the data set is on the device whole (0.0 MB)");
    expect(printed).toMatch(/the data set streams to the device through two windows of 64 batches \(0\.0 MB\)/);
  });

  it("puts a data set on the device whole where it takes at most half of what the device has left", async () => {
    const shuffled = pairs.batch(8);
    const bytes = x.data.byteLength + y.data.byteLength;
    const lines = vi.spyOn(console, "log").mockReturnValue();
    const placements = async (availableBytes: number, options: FitOptions = {}): Promise<string[]> => {
      lines.mockClear();
      const model = compiled(Object.assign(await reference(), { availableBytes: () => availableBytes }));
      await model.fit(shuffled, { verbose: 2, validationData: shuffled, ...options });
      return lines.mock.calls.flat().filter((line) => String(line).includes("the device"));
    };
    expect(await placements(3 * bytes)).toEqual([
      expect.stringMatching(/the data set is on the device whole/),
      expect.stringMatching(/the validation data set is on the device whole/),
    ]);
    // What the first takes the second has not got.
    expect(await placements(3 * bytes - 2)).toEqual([
      expect.stringMatching(/the data set is on the device whole/),
      expect.stringMatching(/the validation data set streams to the device through two windows of \d+ batches/),
    ]);
    expect(await placements(2 * bytes - 2)).toEqual([
      expect.stringMatching(/the data set streams/),
      expect.stringMatching(/the validation data set streams/),
    ]);
    expect((await placements(0, { maxDeviceBytes: bytes }))[0]).toMatch(/is on the device whole/);
  });

  it("validates on arrays and data sets alike", async () => {
    const options = { ...quiet, epochs: 2 };
    const held = { x: { data: x.data.slice(0, 80), shape: [20, 4] }, y: y.data.slice(0, 20) };
    const heldSet = dataset([held.x, held.y]);
    const validations = [
      [held.x, held.y] as const,
      heldSet.batch(6),
      heldSet.map((pair) => pair).batch(6),
      heldSet.repeat().batch(4),
    ];
    const losses: number[] = [];
    for (const [index, validationData] of validations.entries()) {
      const steps = index === 3 ? { validationSteps: 5 } : {};
      const { history } = await compiled().fit(pairs.batch(32), { ...options, validationData, ...steps });
      expect(Object.keys(history)).toEqual(["loss", "accuracy", "auc", "val_loss", "val_accuracy", "val_auc"]);
      losses.push(history.val_loss![1]!);
    }
    for (const loss of losses) {
      expect(loss).toBeCloseTo(losses[0]!, 6);
    }
    await expect(
      compiled().fit(pairs.batch(9), { ...quiet, validationData: heldSet.batch(4).repeat() }),
    ).rejects.toThrow("the validation data set is endless; pass validationSteps, the batches to take");
  });

  it("needs stepsPerEpoch where the data are endless, and goes on where an epoch has ended", async () => {
    const endless = pairs.shuffle(301, { seed: 1 }).repeat().batch(20);
    await expect(compiled().fit(endless, quiet)).rejects.toThrow(
      "the data set is endless; pass stepsPerEpoch, the steps after which an epoch ends",
    );
    const first: number[] = [];
    const watched = endless.map((batch) => {
      first.push(batch[0].data[0]!);
      return batch;
    });
    await compiled().fit(watched, { ...quiet, stepsPerEpoch: 7, epochs: 3 });
    const expected: number[] = [];
    for await (const [images] of endless.take(21).iterate(0)) {
      expected.push(images.data[0]!);
    }
    expect(first.slice(0, 21)).toEqual(expected);
    const { history } = await compiled().fit(stream.batch(100), { ...quiet, stepsPerEpoch: 3, epochs: 3 });
    expect(history.loss).toHaveLength(3);
    await expect(compiled().fit(pairs.batch(100), { ...quiet, stepsPerEpoch: 5 })).rejects.toThrow(
      "stepsPerEpoch is 5, but the data set has 4 batches; repeat() it to go through it over and over",
    );
  });

  it("tells callbacks how many steps there are once it is known", async () => {
    const seen: number[][] = [];
    const watch: Callback = {
      onEpochBegin: (_, { stepsPerEpoch }) => void seen.push([stepsPerEpoch]),
      onBatchEnd: (step) => void seen.at(-1)!.push(step),
      onEpochEnd: (_, __, { stepsPerEpoch, batchSize, samplesPerEpoch }) =>
        void seen.at(-1)!.push(stepsPerEpoch, batchSize, samplesPerEpoch),
    };
    await compiled().fit(stream.batch(100), { ...quiet, epochs: 2, callbacks: [watch] });
    expect(seen).toEqual([
      [Infinity, 0, 1, 2, 3, 4, 100, 400],
      [4, 0, 1, 2, 3, 4, 100, 400],
    ]);
    const lines = vi.spyOn(console, "log").mockReturnValue();
    await compiled().fit(stream.batch(100), { verbose: 1 });
    expect(lines.mock.calls.flat().join("\n")).toContain("4/4 [==");
  });

  it("ends with what the source throws, its position, and the weights that it has reached", async () => {
    const cause = new RangeError("the disk is gone");
    const broken = dataset(async function* () {
      yield* pairs.take(50).iterate();
      throw cause;
    });
    const model = compiled();
    const error = await model.fit(broken.batch(10), { ...quiet, epochs: 3 }).catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toBe("dataset: the source failed at element 50: the disk is gone");
    expect((error as Error).cause).toBe(cause);
    const reached = compiled();
    await reached.fit(pairs.take(50).batch(10), quiet);
    expect(await weightsOf(model)).toEqual(await weightsOf(reached));
    await model.fit(pairs.batch(10), quiet); // it can be used again
  });

  it("names the batch that does not fit", async () => {
    const odd = pairs.map(([image, label], { position }) =>
      position >= 30 ? ([{ data: new Float32Array(5), shape: [5] }, label] as const) : ([image, label] as const),
    );
    await expect(compiled().fit(odd.batch(10), quiet)).rejects.toThrow(ShapeError);
    await expect(compiled().fit(odd.batch(10), quiet)).rejects.toThrow(
      "x of batch 3 of the data set has shape [10,5], the model expects [N,4]",
    );
    await expect(compiled().fit(odd.batch(20), quiet)).rejects.toThrow(
      "dataset: element 30[0] has shape [5], element 20[0] has shape [4]",
    );
    await expect(compiled().fit(pairs.map(([image]) => image).batch(2), quiet)).rejects.toThrow(
      "element of batch 0 of the data set is object, expected [x, y] or [x, y, sampleWeight]",
    );
    await expect(compiled().fit(pairs.batch(2), { ...quiet, classWeight: { 0: -1 } })).rejects.toThrow(
      "classWeight of 0 is -1",
    );
    await expect(compiled().fit(pairs, quiet)).rejects.toThrow(/a data set of single samples \.batch\(size\)$/);
    await expect(compiled().fit(pairs.filter(() => false).batch(2), quiet)).rejects.toThrow(
      "the data set is empty; it must give at least one batch",
    );
  });

  it("ends where a data set gives nothing any more, with the epoch", async () => {
    const once = (count: number) => {
      const elements = Array.from({ length: count }, () => [x, y] as const).values();
      return dataset(() => elements);
    };
    const remedy = "its function must give new elements each time it is called";
    await expect(compiled().fit(once(3), { ...quiet, epochs: 2 })).rejects.toThrow(
      `the data set gave no batch in epoch 2; it is gone through again and again, so ${remedy}`,
    );
    const model = compiled();
    await expect(model.fit(once(5), { ...quiet, epochs: 3, stepsPerEpoch: 3 })).rejects.toThrow(
      "the data set has ended before step 3 of 3 in epoch 2, and gives nothing when it begins again",
    );
    // The five steps are not lost.
    const other = compiled();
    await other.fit(once(5), quiet);
    expect(await weightsOf(model)).toEqual(await weightsOf(other));
    const { history } = await compiled().fit(once(6), { ...quiet, epochs: 2, stepsPerEpoch: 3 });
    expect(history.loss).toHaveLength(2);
  });

  it("says how long the device has waited for data", async () => {
    const slow = pairs.take(40).map(async (pair) => {
      await new Promise((resolve) => setTimeout(resolve, 5));
      return pair;
    });
    const seen: Progress[] = [];
    const start = performance.now();
    await compiled().fit(slow.batch(10), {
      ...quiet,
      callbacks: [{ onProgress: (progress) => void seen.push(progress) }],
    });
    const elapsed = performance.now() - start;
    expect(seen.at(-1)!.waitedMs).toBeGreaterThan(100);
    expect(seen.at(-1)!.waitedMs).toBeLessThan(elapsed);
    const lines = vi.spyOn(console, "log").mockReturnValue();
    await compiled().fit(slow.batch(10), { verbose: 2 });
    expect(lines.mock.calls.flat().join("\n")).toMatch(/4\/4 - \S+ - waiting for data \d+% - loss/);
  });

  it("goes on from a state in the middle of an epoch, to the same bits", async () => {
    for (const data of [
      pairs.shuffle(90, { seed: 2 }).batch(10),
      pairs
        .shuffle(90, { seed: 2 })
        .map((pair) => pair)
        .batch(10),
      stream.batch(10),
    ]) {
      const whole = compiled();
      let state: TrainingState | undefined;
      const onBatchEnd = async (step: number, _: unknown, training: Training): Promise<void> => {
        if (step === 4 && training.iteration > 31) {
          state ??= await training.getState();
        }
      };
      await whole.fit(data, { ...quiet, epochs: 3, callbacks: [{ onBatchEnd }] });
      expect(state!.fit).toMatchObject({ epoch: 1, step: 5 });
      const other = compiled();
      await other.fit(data, { ...quiet, epochs: 3, resumeFrom: state! });
      expect(await weightsOf(other)).toEqual(await weightsOf(whole));
      // Batches are counted from where the first of the pass is; one of unknown size goes on, pass after pass.
      const broken = data.map((batch, { position }) => (position === 7 ? 0 : batch));
      await expect(compiled().fit(broken, { ...quiet, epochs: 3, resumeFrom: state! })).rejects.toThrow(
        `element of batch ${data.size === undefined ? 31 + 7 : 7} of the data set is number`,
      );
    }
  });

  it("refuses options that are the data set's matter", async () => {
    const data = pairs.batch(10);
    for (const [options, message] of [
      [{ batchSize: 3 }, "batchSize is for arrays; of a data set, batch(size) makes its batches"],
      [{ shuffle: true }, "shuffle is for arrays"],
      [{ validationSplit: 0.1 }, "validationSplit is for arrays"],
      [{ sampleWeight: [1] }, "sampleWeight is for arrays"],
      [{ initialEpoch: 0, stepsPerEpoch: 0 }, "stepsPerEpoch is 0"],
    ] as const) {
      await expect(compiled().fit(data, { ...quiet, ...options })).rejects.toThrow(ArgumentError);
      await expect(compiled().fit(data, { ...quiet, ...options })).rejects.toThrow(message);
    }
    await expect(compiled().fit(data, y as unknown as object)).rejects.toThrow("labels come with the data set");
    await expect(compiled().fit(stream.batch(10), { ...quiet, initialEpoch: 2, epochs: 3 })).rejects.toThrow(
      "pass stepsPerEpoch",
    );
  });
});

describe("weights, several inputs and outputs", () => {
  it("come in batches as they come in arrays", async () => {
    const left = input({ shape: [4], name: "left" });
    const right = input({ shape: [4], name: "right" });
    const joined = layers.concatenate()([left, right]);
    const outputs = [layers.dense({ units: 1, name: "a" })(joined), layers.dense({ units: 1, name: "b" })(joined)];
    const build = () => {
      const built = modelOf({ inputs: { left, right }, outputs });
      built.compile({ backend, optimizer: "sgd", loss: "meanSquaredError" });
      return built;
    };
    const target = { data: Float32Array.from({ length: samples }, (_, row) => x.data[row * 4]!), shape: [samples, 1] };
    const weight = Float32Array.from({ length: samples }, (_, row) => (row % 3) / 2);
    const start = await build().getWeights();
    const arrays = build();
    await arrays.setWeights(start);
    const { history } = await arrays.fit({ left: x, right: x }, [target, target], {
      ...quiet,
      batchSize: 50,
      shuffle: false,
      sampleWeight: weight,
    });
    const model = build();
    await model.setWeights(start);
    const data = dataset({ x, target, weight }).map((row) => [
      { left: row.x, right: row.x },
      { a: row.target, b: row.target },
      row.weight,
    ]);
    const batches = data.batch(50);
    const { history: found } = await model.fit(batches, quiet);
    expect(found).toEqual(history);
    expect(await model.evaluate(batches, quiet)).toEqual(
      expect.objectContaining({
        loss: expect.closeTo(
          (await model.evaluate({ left: x, right: x }, [target, target], { ...quiet, sampleWeight: weight })).loss!,
          5,
        ),
      }),
    );
  });
});

describe("evaluate and predict over a data set", () => {
  it("give what they give for arrays", async () => {
    const model = compiled();
    await model.fit(pairs.batch(32), quiet);
    const expected = await model.evaluate(x, y, quiet);
    const predicted = await model.predict(x);
    for (const data of [pairs.batch(7), stream.batch(2).prefetch(2)]) {
      const found = await model.evaluate(data, quiet);
      expect(Object.keys(found)).toEqual(["loss", "accuracy", "auc"]);
      expect(found.loss).toBeCloseTo(expected.loss!, 6);
      expect(found.accuracy).toBe(expected.accuracy);
      expect(found.auc).toBe(expected.auc);
      expect(await model.predict(data)).toEqual(predicted);
    }
    expect(
      await model.predict(
        dataset([x])
          .map(([row]) => row)
          .batch(5),
      ),
    ).toEqual(predicted);
    expect((await model.predict(pairs.repeat().batch(5), { steps: 3 })).shape).toEqual([15, 1]);
    await expect(model.predict(pairs.repeat().batch(5))).rejects.toThrow("the data set is endless; pass steps");
    await expect(model.evaluate(pairs.batch(5), { batchSize: 3 })).rejects.toThrow("evaluate: batchSize is for arrays");
    const lines = vi.spyOn(console, "log").mockReturnValue();
    await model.evaluate(stream.batch(100));
    expect(lines.mock.calls.flat().join("\n")).toMatch(/4\/4 \[=+\].*loss/);
  });
});

describe("memory", () => {
  it("holds two windows, however large the data set", async () => {
    const own = await reference();
    const model = sequential([
      layers.averagePooling2d({ poolSize: 16, inputShape: [32, 32, 3] }),
      layers.flatten(),
      layers.dense({ units: 2, activation: "softmax" }),
    ]);
    model.compile({ backend: own, loss: "sparseCategoricalCrossentropy" });
    const images = dataset(function* () {
      for (let index = 0; index < 25_000; index++) {
        yield [{ data: new Uint8Array(3072).fill(index), shape: [32, 32, 3], scale: 1 / 255 }, index % 2] as const;
      }
    });
    const { history } = await model.fit(images.batch(500), quiet); // 77 MB
    expect(history.loss).toHaveLength(1);
    expect(own.memory().peakBytes).toBeLessThan(45e6);
    expect(own.memory().peakBytes).toBeGreaterThan(2 * 500 * 3072);
    await own.dispose();
  });

  it("is bounded and given back where every batch has a size of its own", async () => {
    const own = await reference();
    const model = sequential([
      layers.averagePooling2d({ poolSize: 16, inputShape: [32, 32, 3] }),
      layers.flatten(),
      layers.dense({ units: 2, activation: "softmax" }),
    ]);
    model.compile({ backend: own, loss: "sparseCategoricalCrossentropy" });
    const batches = dataset(function* () {
      for (let rows = 1; rows <= 40; rows++) {
        yield [{ data: new Uint8Array(rows * 3072), shape: [rows, 32, 32, 3] }, new Int32Array(rows)] as const;
      }
    });
    await model.fit(batches, quiet);
    const { usedBytes } = own.memory();
    await model.fit(batches, quiet);
    expect(own.memory().usedBytes).toBe(usedBytes);
    // Four windows of 16 MB and what the steps need.
    expect(own.memory().peakBytes - usedBytes).toBeLessThan(68e6);
    await own.dispose();
  });

  it("counts what is predicted", async () => {
    const own = await reference();
    const model = sequential([layers.dense({ units: 16_384, inputShape: [2] })]);
    model.compile({ backend: own, loss: "meanSquaredError" });
    const rows = 1536; // 100 MB of predictions
    const values = { data: Float32Array.from({ length: 2 * rows }, () => random.normal()), shape: [rows, 2] };
    const predicted = await model.predict(
      dataset([values])
        .map(([row]) => row)
        .batch(32),
    );
    expect(predicted.shape).toEqual([rows, 16_384]);
    expect(own.memory().peakBytes).toBeLessThan(2 * 16.8e6 + 5e6);
    const whole = await model.predict(values);
    expect(Buffer.from(whole.data.buffer).equals(Buffer.from(predicted.data.buffer))).toBe(true);
    expect(own.memory().peakBytes).toBeLessThan(67.2e6 + 5e6);
    await own.dispose();
  });
});
