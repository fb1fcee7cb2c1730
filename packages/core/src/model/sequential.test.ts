import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend, OpInstance, Plan } from "../backend/index.js";
import {
  ArgumentError,
  applications,
  layers,
  ShapeError,
  StateError,
  sequential,
  UnsupportedOpError,
} from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

const small = (seed = 0) =>
  sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", inputShape: [8, 8, 1] }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 4, activation: "softmax" }),
    ],
    { seed },
  );

describe("summary", () => {
  it("prints Keras' table for tutorial: 320, 18,496, 36,928, 36,928, 650", () => {
    const lines: string[] = [];
    applications.tutorial().summary((text) => lines.push(text));
    expect(lines.join("\n")).toBe(`Model: "sequential"
_________________________________________________________________
Layer (type)                 Output Shape              Param #
=================================================================
conv2d (Conv2D)              (None, 26, 26, 32)        320
_________________________________________________________________
max_pooling2d (MaxPooling2D) (None, 13, 13, 32)        0
_________________________________________________________________
conv2d_1 (Conv2D)            (None, 11, 11, 64)        18496
_________________________________________________________________
max_pooling2d_1 (MaxPooling2 (None, 5, 5, 64)          0
_________________________________________________________________
conv2d_2 (Conv2D)            (None, 3, 3, 64)          36928
_________________________________________________________________
flatten (Flatten)            (None, 576)               0
_________________________________________________________________
dense (Dense)                (None, 64)                36928
_________________________________________________________________
dense_1 (Dense)              (None, 10)                650
=================================================================
Total params: 93,322
Trainable params: 93,322
Non-trainable params: 0
_________________________________________________________________`);
  });

  it("counts 121,930 parameters for simple", () => {
    let text = "";
    applications.simple().summary((printed) => {
      text = printed;
    });
    expect(text).toContain("Total params: 121,930");
  });

  it("counts frozen layers apart and leaves the input layer out", () => {
    const model = sequential([
      layers.input({ shape: [4] }),
      layers.dense({ units: 3, trainable: false }),
      layers.dense({ units: 2 }),
    ]);
    let text = "";
    model.summary((printed) => {
      text = printed;
    });
    expect(text).toContain("Trainable params: 8\nNon-trainable params: 15");
    expect(text).not.toContain("InputLayer");
  });
});

describe("building", () => {
  it("accepts layers one by one, as model.add does in Keras", async () => {
    const model = sequential();
    model.add(layers.dense({ units: 2, inputShape: [3] })).add(layers.dense({ units: 1 }));
    expect((await model.getWeights()).map(({ shape }) => shape)).toEqual([[3, 2], [2], [2, 1], [1]]);
  });

  it("names the layer that does not fit, with both shapes", () => {
    const model = sequential([
      layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1] }),
      layers.maxPooling2d({ poolSize: 4 }),
      layers.conv2d({ filters: 2, kernelSize: 3 }),
    ]);
    expect(() => model.summary()).toThrow(ShapeError);
    expect(() => model.summary()).toThrow(
      /layer conv2d_1 \(Conv2D\) on samples \[1,1,2\].*window of 3 rows does not fit/,
    );
  });

  it("asks for an input shape", () => {
    expect(() => sequential([layers.dense({ units: 2 })]).summary()).toThrow(/inputShape: \[28, 28, 1\]/);
    expect(() => sequential([]).summary()).toThrow(ArgumentError);
  });

  it("takes the shape of a sample by build, as Keras does", async () => {
    const model = sequential([layers.dense({ units: 2 }), layers.dense({ units: 3 })]);
    model.build([4]);
    model.build([4]);
    expect((await model.getWeights()).map(({ shape }) => shape)).toEqual([[4, 2], [2], [2, 3], [3]]);
    expect(() => model.build([5])).toThrow(/build: inputShape is \[5\], but samples of this model are \[4\]/);
    expect(() => sequential([layers.flatten()]).build([0])).toThrow(/build: inputShape holds 0/);
    expect(() => sequential([layers.conv2d({ filters: 1, kernelSize: 3 })]).build([4])).toThrow(
      /layer conv2d \(Conv2D\)/,
    );
    expect(() => sequential([]).build([4])).toThrow(/the model has no layers/);
  });

  it("refuses two layers of one name", () => {
    const twice = [layers.flatten({ name: "a", inputShape: [2, 2] }), layers.dense({ units: 1, name: "a" })];
    expect(() => sequential(twice).summary()).toThrow(/two layers are named "a"/);
  });

  it.each([
    [
      "activation",
      () => layers.dense({ units: 1, activation: "ripple" as "relu" }),
      /unknown activation "ripple".*"relu"/,
    ],
    ["spelling", () => layers.dense({ units: 1, activation: "leaky_relu" as "relu" }), /did you mean "leakyRelu"/],
    [
      "padding",
      () => layers.conv2d({ filters: 1, kernelSize: 3, padding: "full" as "same" }),
      /unknown padding "full"/,
    ],
    ["filters", () => layers.conv2d({ filters: 0, kernelSize: 3 }), /filters is 0/],
    ["rate", () => layers.dropout({ rate: 1 }), /rate is 1, expected a number in \[0, 1\)/],
    ["units", () => layers.dense({ units: 2.5 }), /units is 2.5/],
  ])("refuses an unknown %s", (_, make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });
});

describe("compile", () => {
  it.each([
    ["loss", { loss: "mse" as "meanSquaredError" }, /unknown loss "mse".*"meanSquaredError"/],
    [
      "loss in snake case",
      { loss: "sparse_categorical_crossentropy" as "meanSquaredError" },
      /did you mean "sparseCategoricalCrossentropy"/,
    ],
    ["optimizer", { optimizer: "ftrl" as "adam" }, /unknown optimizer "ftrl".*"adam"/],
    ["metric", { metrics: ["acc" as "accuracy"] }, /unknown metric "acc".*"accuracy"/],
  ])("lists what it knows for an unknown %s", (_, options, message) => {
    expect(() => small().compile({ backend, ...options })).toThrow(message);
  });

  it("says how to get a backend", () => {
    expect(() => small().compile({} as { backend: Backend })).toThrow(/await reference\(\)/);
  });

  it("must come before training and prediction", async () => {
    await expect(small().predict({ data: new Float32Array(64), shape: [1, 8, 8, 1] })).rejects.toThrow(StateError);
  });

  it("keeps the weights when it is called again", async () => {
    const model = small();
    model.compile({ backend, loss: "sparseCategoricalCrossentropy" });
    await model.trainOnBatch({ data: new Float32Array(64).fill(0.5), shape: [1, 8, 8, 1] }, [2]);
    const before = await model.getWeights();
    model.compile({ backend, loss: "sparseCategoricalCrossentropy", optimizer: "adam" });
    expect(await model.getWeights()).toEqual(before);
    await model.trainOnBatch({ data: new Float32Array(64).fill(0.5), shape: [1, 8, 8, 1] }, [2]);
    expect(await model.getWeights()).not.toEqual(before);
    model.dispose();
  });
});

describe("a backend that lacks an op", () => {
  it("is found out before anything runs, by op, layer, backend and reason", async () => {
    const partial = Object.assign(await reference(), {
      supports: ({ op }: OpInstance) => op !== "maxPool2d" || "no pooling on Tuesdays",
    });
    const model = small();
    model.compile({ backend: partial, loss: "sparseCategoricalCrossentropy" });
    const fit = model.fit({ data: new Float32Array(64), shape: [1, 8, 8, 1] }, [0], { verbose: 0 });
    await expect(fit).rejects.toThrow(UnsupportedOpError);
    await expect(fit).rejects.toThrow(
      /backend "reference" cannot run maxPool2d \(max_pooling2d\): no pooling on Tuesdays/,
    );
  });
});

describe("weights", () => {
  it("are the same for the same seed and others for another", async () => {
    const [a, b, c] = [await small(1).getWeights(), await small(1).getWeights(), await small(2).getWeights()];
    expect(a).toEqual(b);
    expect(a).not.toEqual(c);
  });

  it("go out and in", async () => {
    const [from, to] = [small(1), small(2)];
    await to.setWeights(await from.getWeights());
    expect(await to.getWeights()).toEqual(await from.getWeights());
    to.compile({ backend });
    await to.setWeights(await small(3).getWeights());
    expect(await to.getWeights()).toEqual(await small(3).getWeights());
    to.dispose();
  });

  it("must have the parameters' number and shapes", async () => {
    await expect(small().setWeights([])).rejects.toThrow(/got 0 arrays, the model has 4 parameters \(conv2d\/kernel/);
    const weights = await small().getWeights();
    await expect(small().setWeights([weights[1]!, ...weights.slice(1)])).rejects.toThrow(
      /conv2d\/kernel has shape \[3,3,1,3\], got \[3\]/,
    );
  });

  it("of a frozen layer stay, and the others move", async () => {
    const model = small();
    model.layers[0]!.trainable = false;
    model.compile({ backend, loss: "sparseCategoricalCrossentropy", optimizer: "sgd" });
    const before = await model.getWeights();
    await model.trainOnBatch({ data: new Float32Array(128).fill(0.3), shape: [2, 8, 8, 1] }, [0, 1]);
    const after = await model.getWeights();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).not.toEqual(before[2]);
    model.dispose();
  });
});

describe("predict", () => {
  it("takes images with and without the channel axis, tensors and nested arrays, and any number of rows", async () => {
    const model = small();
    model.compile({ backend });
    const data = Float32Array.from({ length: 7 * 64 }, (_, index) => Math.sin(index));
    const whole = await model.predict({ data, shape: [7, 8, 8, 1] });
    expect(whole.shape).toEqual([7, 4]);
    expect(await model.predict({ data, shape: [7, 8, 8] })).toEqual(whole);
    expect(await model.predict({ data, shape: [7, 8, 8, 1] }, { batchSize: 4 })).toEqual(whole);
    const nested = Array.from({ length: 8 }, (_, row) => Array.from(data.subarray(row * 8, row * 8 + 8)));
    const [first, again] = await Promise.all([model.predict([nested]), model.predict([nested])]);
    expect(first.data).toEqual(whole.data.slice(0, 4));
    expect(again).toEqual(first);
    for (let row = 0; row < 7; row++) {
      const sum = whole.data.subarray(row * 4, row * 4 + 4).reduce((total, value) => total + value, 0);
      expect(sum).toBeCloseTo(1, 6);
    }
    model.dispose();
  });

  it("gives the same for bytes with a scale as for scaled numbers", async () => {
    const model = small();
    model.compile({ backend });
    const bytes = Uint8Array.from({ length: 64 }, (_, index) => index * 4);
    const scaled = await model.predict({ data: bytes, shape: [1, 8, 8, 1], scale: 1 / 255 });
    const plain = await model.predict({ data: Float32Array.from(bytes, (byte) => byte / 255), shape: [1, 8, 8, 1] });
    scaled.data.forEach((value, index) => {
      expect(value).toBeCloseTo(plain.data[index]!, 6);
    });
    model.dispose();
  });

  it("frees the backend's memory with dispose", async () => {
    const before = backend.memory().usedBytes;
    const model = small();
    model.compile({ backend, loss: "sparseCategoricalCrossentropy" });
    await model.predict({ data: new Float32Array(64), shape: [1, 8, 8, 1] });
    await model.trainOnBatch({ data: new Float32Array(64), shape: [1, 8, 8, 1] }, [0]);
    expect(backend.memory().usedBytes).toBeGreaterThan(before);
    model.dispose();
    expect(backend.memory().usedBytes).toBe(before);
    await expect(model.predict({ data: new Float32Array(64), shape: [1, 8, 8, 1] })).rejects.toThrow(StateError);
  });
});

describe("plan", () => {
  it("is returned and printed", () => {
    const model = small();
    model.compile({ backend, loss: "sparseCategoricalCrossentropy", optimizer: "adam" });
    const print = vi.fn();
    const plan = model.plan({ batchSize: 5, print });
    expect(plan.ops.at(-1)?.op).toBe("adamUpdate");
    expect(plan.batchSize).toBe(5);
    expect(print.mock.calls[0]?.[0]).toMatch(/train plan, batch of 5: \d+ ops/);
    expect(model.plan({ mode: "predict", print }).ops.at(-1)?.op).toBe("storeRows");
  });

  it("says how many kernels the backend launches where it knows", () => {
    const model = small();
    const counting: Backend = Object.assign(Object.create(backend), { launches: ({ ops }: Plan) => ops.length + 100 });
    model.compile({ backend: counting, loss: "sparseCategoricalCrossentropy", optimizer: "adam" });
    const print = vi.fn();
    const plan = model.plan({ print });
    expect(print.mock.calls[0]?.[0]).toContain(`${plan.ops.length} ops, ${plan.ops.length + 100} kernel launches, `);
  });
});
