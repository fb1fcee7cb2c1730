import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend } from "../backend/index.js";
import { ArgumentError, input, layers, model, optimizers, sequential } from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

function wave(shape: readonly number[], step = 0.7) {
  const size = shape.reduce((product, length) => product * length, 1);
  return { data: Float32Array.from({ length: size }, (_, index) => Math.sin(index * step)), shape };
}

const quiet = { verbose: 0, shuffle: false } as const;

describe("a functional model", () => {
  it("is the same as the stack of the same layers", async () => {
    const stack = sequential(
      [
        layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", inputShape: [6, 6, 2] }),
        layers.flatten(),
        layers.dense({ units: 2 }),
      ],
      { seed: 4 },
    );
    const x = input({ shape: [6, 6, 2] });
    const h = layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu" })(x);
    const graph = model({ inputs: x, outputs: layers.dense({ units: 2 })(layers.flatten()(h)), seed: 4 });
    const data = [wave([5, 6, 6, 2]), wave([5, 2], 0.3)] as const;
    for (const either of [stack, graph]) {
      either.compile({ backend, loss: "meanSquaredError", optimizer: "adam" });
    }
    const histories = [
      await stack.fit(...data, { ...quiet, epochs: 2 }),
      await graph.fit(...data, { ...quiet, epochs: 2 }),
    ];
    expect(histories[0]).toEqual(histories[1]);
    expect(await graph.getWeights()).toEqual(await stack.getWeights());
    expect(await graph.predict(data[0])).toEqual(await stack.predict(data[0]));
  });

  it("adds the gradients of branches: y = (x w) + (x w) 2 trains as by hand", async () => {
    const x = input({ shape: [1] });
    const h = layers.dense({ units: 1, useBias: false, kernelInitializer: "ones" })(x);
    const twice = layers.rescaling({ scale: 2 })(h);
    const net = model({ inputs: x, outputs: layers.add()([h, twice]) });
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 0.01 }) });
    // Loss (3 w x - y)^2, its derivative 6 x (3 w x - y): at w = 1, x = 2, y = 1 that is 12 * 5 = 60.
    const { loss } = await net.trainOnBatch([[2]], [[1]]);
    expect(loss).toBeCloseTo(25, 5);
    expect((await net.getWeights())[0]!.data[0]).toBeCloseTo(1 - 0.01 * 60, 5);
  });

  it("shares the weights of a layer that is called twice", async () => {
    const x = input({ shape: [1] });
    const layer = layers.dense({ units: 1, useBias: false, kernelInitializer: "ones" });
    const net = model({ inputs: x, outputs: layer(layer(x)) });
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 0.01 }) });
    expect(await net.getWeights()).toHaveLength(1);
    // y = w^2 x: loss (w^2 x - 1)^2, derivative 4 w x (w^2 x - 1) = 4 * 2 * 1 = 8 at w = 1, x = 2.
    await net.trainOnBatch([[2]], [[1]]);
    expect((await net.getWeights())[0]!.data[0]).toBeCloseTo(1 - 0.08, 6);
    expect(() => layer.output).toThrow(/was called 2 times/);
    expect(() => layer(input({ shape: [3] }))).toThrow(/kernel would be \[3,1\], but was made \[1,1\]/);
  });

  it("has depth order and Keras' names", () => {
    const a = input({ shape: [4, 4, 3], name: "image" });
    const left = layers.conv2d({ filters: 2, kernelSize: 1 })(a);
    const right = layers.conv2d({ filters: 2, kernelSize: 1 })(layers.batchNormalization()(a));
    const net = model({ inputs: a, outputs: layers.add()([left, right]) });
    expect(net.layers.map(({ className }) => className)).toEqual([
      "InputLayer",
      "BatchNormalization",
      "Conv2D",
      "Conv2D",
      "Add",
    ]);
    expect(net.getLayer("conv2d_1").className).toBe("Conv2D");
    expect(() => net.getLayer("conv")).toThrow(
      /no layer "conv"; the model has "image", "batch_normalization", "conv2d"/,
    );
    let text = "";
    net.summary((table) => {
      text = table;
    });
    expect(text.split("\n").slice(1, 4).join("\n")).toBe(`${"_".repeat(98)}
Layer (type)                    Output Shape          Param #     Connected to
${"=".repeat(98)}`);
    expect(text).toContain("add (Add)                       (None, 4, 4, 2)       0           conv2d[0][0]\n");
    expect(text).toContain(`${" ".repeat(66)}conv2d_1[0][0]\n`);
  });
});

describe("several inputs and outputs", () => {
  function twoByTwo() {
    const a = input({ shape: [3], name: "a" });
    const b = input({ shape: [2], name: "b" });
    const h = layers.concatenate()([a, b]);
    const p = layers.dense({ units: 2, activation: "softmax", name: "kind" })(h);
    const q = layers.dense({ units: 1, name: "size" })(h);
    return model({ inputs: [a, b], outputs: [p, q] });
  }
  const x = [wave([6, 3]), wave([6, 2], 0.4)];
  const y = { kind: [0, 1, 0, 1, 1, 0], size: wave([6, 1], 0.2) };
  const losses = { kind: "sparseCategoricalCrossentropy", size: "meanSquaredError" } as const;

  it("have losses, weights and metrics by name, and Keras' keys", async () => {
    const net = twoByTwo();
    net.compile({ backend, loss: losses, lossWeights: { size: 0.5 }, metrics: { kind: ["accuracy"] } });
    const { history } = await net.fit({ a: x[0]!, b: x[1]! }, y, {
      ...quiet,
      epochs: 2,
      batchSize: 4,
      validationData: [x, y],
    });
    expect(Object.keys(history)).toEqual([
      "loss",
      "kind_loss",
      "kind_accuracy",
      "size_loss",
      "val_loss",
      "val_kind_loss",
      "val_kind_accuracy",
      "val_size_loss",
    ]);
    expect(history.loss![1]).toBeCloseTo(history.kind_loss![1]! + 0.5 * history.size_loss![1]!, 10);
    const [kind, size] = await net.predict(x);
    expect([kind!.shape, size!.shape]).toEqual([
      [6, 2],
      [6, 1],
    ]);
    const results = await net.evaluate(x, [y.kind, y.size], { verbose: 0, batchSize: 4 });
    expect(results.loss).toBeCloseTo(history.val_loss![1]!, 6);
  });

  it("are given and returned by name where they were declared so", async () => {
    const left = input({ shape: [2] });
    const right = input({ shape: [2] });
    const sum = layers.add()([left, right]);
    const net = model({ inputs: { left, right }, outputs: { sum, mean: layers.average()([left, right]) } });
    net.compile({ backend });
    const { sum: total, mean } = await net.predict({ right: [[3, 4]], left: [[1, 2]] });
    expect([...total.data]).toEqual([4, 6]);
    expect([...mean.data]).toEqual([2, 3]);
  });

  it("take weights of samples for each", async () => {
    const net = twoByTwo();
    net.compile({ backend, loss: losses });
    const all = await net.evaluate(x, y, { verbose: 0 });
    const none = await net.evaluate(x, y, { verbose: 0, sampleWeight: { size: [0, 0, 0, 0, 0, 0] } });
    expect(none.size_loss).toBe(0);
    expect(none.kind_loss).toBe(all.kind_loss);
  });

  it.each([
    [{ kind: losses.kind }, /output "size" has no loss; give it one, such as loss: \{ kind: "meanSquaredError"/],
    [
      { ...losses, sise: "meanSquaredError" },
      /no output "sise", did you mean "size"\?; the model has 2 outputs: kind, size/,
    ],
    [["meanSquaredError"], /compile: loss has 1 entries, the model has 2 outputs: kind, size/],
  ])("refuse losses %j", (loss, message) => {
    const net = twoByTwo();
    expect(() => net.compile({ backend, loss: loss as never })).toThrow(ArgumentError);
    expect(() => net.compile({ backend, loss: loss as never })).toThrow(message);
  });

  it("refuse data that does not fit", async () => {
    const net = twoByTwo();
    net.compile({ backend, loss: losses });
    await expect(net.predict(x[0]!)).rejects.toThrow(/x is one tensor, the model has 2 inputs.*\{ a, b \}/);
    await expect(net.predict({ a: x[0]! } as never)).rejects.toThrow(/x has nothing for input "b"/);
    await expect(net.predict([x[0]!, wave([5, 2])])).rejects.toThrow(/x "b" has 5 samples, x "a" has 6/);
    await expect(net.fit(x, [y.kind, wave([6, 2])], quiet)).rejects.toThrow(/y "size" has shape \[6,2\]/);
    await expect(net.fit(x, y, { ...quiet, classWeight: { 0: 2 } })).rejects.toThrow(
      /classWeight is for models with one output/,
    );
  });
});

describe("models that share layers", () => {
  const base = () =>
    sequential([layers.dense({ units: 4, activation: "tanh", inputShape: [3] }), layers.dense({ units: 2 })], {
      name: "base",
    });
  const x = wave([8, 3]);
  const y = wave([8, 1], 0.3);
  const settings = () => ({ backend, loss: "meanSquaredError", optimizer: "sgd" }) as const;

  it("train the weights of a model that is a layer", async () => {
    const inner = base();
    const before = await inner.getWeights();
    const outer = sequential([inner, layers.dense({ units: 1 })]);
    expect((await outer.getWeights()).slice(0, 4)).toEqual(before);
    outer.compile(settings());
    inner.compile({ backend });
    const untrained = await inner.predict(x);
    await outer.fit(x, y, quiet);
    const after = await inner.getWeights();
    expect(after).not.toEqual(before);
    expect((await outer.getWeights()).slice(0, 4)).toEqual(after);
    expect(await inner.layers[0]!.getWeights()).toEqual(after.slice(0, 2));
    expect(await inner.predict(x)).not.toEqual(untrained);
    outer.dispose();
    expect(await inner.getWeights()).toEqual(after);
  });

  it("see each other's training in turns, and weights that are set", async () => {
    const inner = base();
    const one = sequential([inner, layers.dense({ units: 1 })]);
    const other = sequential([inner, layers.dense({ units: 1 })]);
    one.compile(settings());
    other.compile(settings());
    for (let turn = 0; turn < 3; turn++) {
      await one.trainOnBatch(x, y);
      expect((await other.getWeights()).slice(0, 4)).toEqual((await one.getWeights()).slice(0, 4));
      await other.trainOnBatch(x, y);
      expect((await one.getWeights()).slice(0, 4)).toEqual((await other.getWeights()).slice(0, 4));
    }
    const zeros = (await inner.getWeights()).map(({ shape, data }) => ({ shape, data: data.map(() => 0) }));
    await inner.setWeights(zeros);
    expect((await other.getWeights()).slice(0, 4)).toEqual(zeros);
    const kernel = { shape: [3, 4], data: new Float32Array(12).fill(0.5) };
    await inner.layers[0]!.setWeights([kernel, zeros[1]!]);
    expect((await one.getWeights())[0]).toEqual(kernel);
    await one.trainOnBatch(x, y);
    expect((await other.getWeights()).slice(0, 4)).toEqual((await one.getWeights()).slice(0, 4));
  });

  it("see training that is under way, from a callback", async () => {
    const inner = base();
    const outer = sequential([inner, layers.dense({ units: 1 })]);
    outer.compile(settings());
    inner.compile({ backend });
    const seen: number[] = [];
    await outer.fit(x, y, {
      ...quiet,
      epochs: 3,
      callbacks: [
        {
          onEpochEnd: async () => {
            seen.push((await inner.predict(x)).data[0]!);
          },
        },
      ],
    });
    expect(new Set(seen).size).toBe(3);
    expect((await inner.predict(x)).data[0]).toBe(seen[2]);
  });

  it("end at the output of an inner layer", async () => {
    const net = base();
    const features = model({ inputs: net.inputs, outputs: net.layers[0]!.output });
    net.compile(settings());
    features.compile({ backend });
    await net.fit(x, wave([8, 2]), quiet);
    const [kernel, bias] = await net.layers[0]!.getWeights();
    const { data, shape } = (await features.predict(x)) as { data: Float32Array; shape: readonly number[] };
    expect(shape).toEqual([8, 4]);
    const sum = [0, 1, 2].reduce((total, row) => total + x.data[row]! * kernel!.data[row * 4]!, bias!.data[0]!);
    expect(data[0]).toBeCloseTo(Math.tanh(sum), 5);
  });

  it("are one row of the summary, and named by their path", async () => {
    const outer = sequential([base(), layers.dense({ units: 1 })]);
    let text = "";
    outer.summary((table) => {
      text = table;
    });
    expect(text).toContain("base (Sequential)            (None, 2)                 26\n");
    expect(text).toContain("Total params: 29");
    await expect(outer.setWeights([])).rejects.toThrow(/base\/dense\/kernel, base\/dense\/bias, base\/dense_1\/kernel/);
  });

  it("take the shape of what they are called on, where they have none", () => {
    const head = sequential([layers.dense({ units: 2 })]);
    const x2 = input({ shape: [5] });
    expect(head(x2).shape).toEqual([2]);
    expect(model({ inputs: x2, outputs: head(x2) }).layers[1]).toBe(head);
  });

  it("may be called twice, deep inside, on several inputs", async () => {
    const scale = sequential([
      layers.dense({ units: 1, useBias: false, kernelInitializer: "ones", inputShape: [1] }),
      layers.gaussianNoise({ stddev: 1e-9 }),
    ]);
    const twin = sequential([scale], { name: "twin" });
    const [a, b] = [input({ shape: [1], name: "a" }), input({ shape: [1], name: "b" })];
    const net = model({ inputs: [a, b], outputs: layers.subtract()([twin(a), twin(b)]) });
    net.compile({ backend, loss: "meanSquaredError", optimizer: optimizers.sgd({ learningRate: 0.01 }) });
    expect((await net.getWeights()).map(({ shape }) => shape)).toEqual([[1, 1]]);
    // (w (a - b) - y)^2 with a - b = 3, y = 1: loss 4, derivative 2 * 3 * 2 = 12 at w = 1.
    expect((await net.trainOnBatch({ a: [[5]], b: [[2]] }, [[1]])).loss).toBeCloseTo(4, 5);
    expect((await scale.getWeights())[0]!.data[0]).toBeCloseTo(1 - 0.12, 5);
    const { ops } = net.plan({ print: () => undefined });
    const noise = ops.filter(({ op }) => op === "gaussianNoise");
    expect(noise.map(({ label }) => label)).toEqual(Array(2).fill("twin/sequential/gaussian_noise"));
    expect(new Set(noise.map(({ attributes }) => attributes.instance)).size).toBe(2);
  });

  it("know their shape from the first layer of a model in a model", () => {
    const inner = sequential([layers.dense({ units: 2 })]);
    const outer = sequential([sequential([inner]), layers.dense({ units: 3 })]);
    const x3 = input({ shape: [4] });
    expect(outer(x3).shape).toEqual([3]);
    expect(inner.sampleShape).toEqual([4]);
    expect(() => sequential([sequential([layers.dense({ units: 1 })])]).summary()).toThrow(/has no inputShape/);
  });

  it("have the outputs of layers as soon as shapes are known", () => {
    const net = base();
    expect(net.layers.map(({ output }) => output.shape)).toEqual([[4], [2]]);
    expect(net.layers).toHaveLength(2);
    expect(() => sequential([layers.dense({ units: 2 })]).layers[0]!.output).toThrow(/was called 0 times/);
  });

  it("may have several outputs", async () => {
    const x3 = input({ shape: [2] });
    const pair = model({
      inputs: x3,
      outputs: [layers.rescaling({ scale: 2 })(x3), layers.rescaling({ scale: -1 })(x3)],
    });
    const z = input({ shape: [2] });
    const [double, negative] = pair<(typeof z)[]>(z);
    const net = model({ inputs: z, outputs: layers.add()([double!, negative!]) });
    net.compile({ backend });
    expect([...(await net.predict([[3, 4]])).data]).toEqual([3, 4]);
  });
});

describe("trainable", () => {
  const ops = (net: ReturnType<typeof sequential>) =>
    net.plan({ print: () => undefined }).ops.map(({ op, label }) => `${op} ${label}`);

  it("false on a nested model leaves no gradient op of it in the plan", () => {
    const base = sequential(
      [layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [6, 6, 1] }), layers.batchNormalization()],
      { name: "base" },
    );
    const net = sequential([base, layers.flatten(), layers.dense({ units: 2 })]);
    base.trainable = false;
    net.compile({ backend, loss: "meanSquaredError" });
    expect(ops(net).filter((op) => op.includes("base/"))).toEqual([
      "conv2d base/conv2d",
      "biasAdd base/conv2d",
      "normalize base/batch_normalization",
    ]);
    base.trainable = true;
    base.layers[0]!.trainable = false;
    net.compile({ backend, loss: "meanSquaredError" });
    const partly = ops(net);
    expect(partly).toContain("batchNorm base/batch_normalization");
    expect(partly.some((op) => op.includes("Backward") && op.includes("base/conv2d"))).toBe(false);
  });

  it("changed after compile warns once, as it does not count yet", async () => {
    const net = sequential([layers.dense({ units: 1, inputShape: [1] }), layers.dense({ units: 1 })]);
    net.compile({ backend, loss: "meanSquaredError" });
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    net.layers[0]!.trainable = false;
    await net.trainOnBatch([[1]], [[1]]);
    await net.trainOnBatch([[1]], [[1]]);
    expect(warn.mock.calls).toEqual([
      [expect.stringMatching(/trainable of dense was changed after compile.*call compile again/)],
    ]);
    warn.mockRestore();
  });
});
