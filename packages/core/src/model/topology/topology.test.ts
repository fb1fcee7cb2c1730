import { beforeAll, describe, expect, it } from "vitest";
import * as applications from "../../applications/index.js";
import type { Backend } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import type { Layer } from "../../layers/index.js";
import * as layers from "../../layers/index.js";
import { inputTensor as input } from "../../layers/inputLayer.js";
import type { SymbolicTensor } from "../../layers/layer.js";
import { reference } from "../../reference/index.js";
import { type Model, model, modelTopology, sequential } from "../index.js";
import { expectSame, reload, sample } from "./testing/reloading.js";

let backend: Backend;

beforeAll(async () => {
  backend = await reference();
});

describe("every application", () => {
  const functions = Object.entries(applications) as unknown as [string, (options: object) => Model][];

  it.each(functions)("%s is the same from its topology", (_, make) => {
    reload(make({ seed: 3 }));
  });

  it.each([
    ["lenet5", applications.lenet5({ classifierActivation: null, seed: 2 })],
    ["resnet20Cifar", applications.resnet20Cifar({ inputShape: [16, 16, 3], classes: 5 })],
    ["mobileNetV2", applications.mobileNetV2({ inputShape: [32, 32, 3], alpha: 0.1, classes: 4 })],
    ["squeezeNet", applications.squeezeNet({ inputShape: [32, 32, 3], includeTop: false, pooling: "max" })],
  ])("%s predicts the same, bit for bit", async (_, made) => {
    await expectSame(made, reload(made));
  });
});

describe("models", () => {
  it("a stack with an input layer, with a layer that stands there twice, and without a shape of its own", async () => {
    const twice = layers.dense({ units: 4, activation: "tanh" });
    const stack = sequential(
      [layers.input({ shape: [4], name: "rows" }), twice, layers.dropout({ rate: 0.3 }), twice],
      {
        name: "stack",
        seed: 5,
      },
    );
    await expectSame(stack, reload(stack), true);
    const shapeless = sequential([layers.dense({ units: 3 }), layers.dense({ units: 2 })]);
    const around = sequential([layers.dense({ units: 4, inputShape: [4] }), shapeless]);
    await expectSame(around, reload(around), true);
    await expectSame(shapeless, reload(shapeless), true);
  });

  it("a reloaded stack can be added to: names go on counting", () => {
    const stack = sequential([layers.dense({ units: 4, inputShape: [4] })]);
    const again = reload(stack);
    again.add(layers.dense({ units: 2 }));
    expect(modelTopology(again).config.layers.map(({ name }) => name)).toEqual(["dense", "dense_1"]);
  });

  it("branches, shared layers, models within models, several inputs and outputs by name", async () => {
    const inner = input({ shape: [4] });
    const tower = model({
      inputs: inner,
      outputs: layers.dense({ units: 4 })(layers.dropout({ rate: 0.5 })(inner)),
      seed: 8,
    });
    const shared = layers.dense({ units: 4, activation: "relu", name: "shared" });
    const [a, b] = [input({ shape: [4], name: "left" }), input({ shape: [4] })];
    const left = shared(tower(shared(a)));
    const right = tower(shared(b));
    const made = model({
      inputs: { b, a },
      outputs: { sum: layers.add()([left, right]), right, again: layers.multiply()([left, b, a]) },
      seed: 9,
      name: "net",
    });
    const again = reload(made);
    expect(Object.keys(modelTopology(again).config.layers)).toHaveLength(6);
    const x = { a: sample([[4]])[0]!, b: sample([[4]], 3)[0]! };
    const results = [];
    for (const each of [made, again]) {
      each.compile({ backend, loss: "meanSquaredError" });
      const predictions = await each.predict(x);
      expect(Object.keys(predictions)).toEqual(["sum", "right", "again"]);
      results.push(predictions);
    }
    expect(results[1]).toEqual(results[0]);
  });

  it("layers that are in several models within share their weights again", async () => {
    const x = input({ shape: [4] });
    const base = model({
      inputs: x,
      outputs: layers.dense({ units: 3 })(layers.dense({ units: 5, name: "first" })(x)),
      seed: 4,
    });
    const features = model({ inputs: base.inputs, outputs: base.getLayer("first").output, seed: 6, name: "features" });
    const y = input({ shape: [4] });
    const made = model({ inputs: y, outputs: [features(y), base(y), base(y)] });
    const again = reload(made);
    expect((await again.getWeights()).length).toBe(4);
    await expectSame(made, again, true);
    // By itself the part remembers what its first weights are drawn from.
    await expectSame(features, reload(features));
    expect(modelTopology(features).config.layers[1]).toMatchObject({ firstWeights: { seed: 4, instance: 0 } });
  });

  it("trainable of layers and of models around them", () => {
    const inner = sequential([layers.dense({ units: 3, inputShape: [3] }), layers.dense({ units: 3 })]);
    const middle = sequential([inner, layers.dense({ units: 2 })]);
    const outer = sequential([middle, layers.dense({ units: 1 })]);
    middle.trainable = false;
    inner.trainable = true;
    inner.layers[0]!.trainable = false;
    const again = reload(outer);
    const flags = (of: Model<unknown>): unknown =>
      of.layers.map((layer) => [layer.trainable, "layers" in layer ? flags(layer as unknown as Model<unknown>) : 0]);
    expect(flags(again)).toEqual(flags(outer));
  });

  it("outputs in an array, one of which is an input", () => {
    const x = input({ shape: [2] });
    const made = model({ inputs: [x], outputs: [layers.relu()(x), x] });
    expect(modelTopology(reload(made)).config).toMatchObject({
      outputs: [
        ["re_lu", 0, 0],
        ["input_layer", 0, 0],
      ],
    });
  });
});

it("an input tensor is not a layer", () => {
  const x: SymbolicTensor = input({ shape: [2] });
  expect(() => modelTopology(x as unknown as Layer)).toThrow(ArgumentError);
});
