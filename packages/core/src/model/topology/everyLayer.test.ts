import { describe, expect, it } from "vitest";
import * as layers from "../../layers/index.js";
import { inputTensor as input } from "../../layers/inputLayer.js";
import { layerClassNames } from "../../layers/layerClasses.js";
import { layerFromConfig, type Model, model } from "../index.js";
import { augmentation, type Case, cases } from "./testing/layerCases.js";
import { clone, expectSame, reload } from "./testing/reloading.js";

describe("every layer, with unusual options", () => {
  const functions = Object.keys(layers).filter(
    (name) => !["defineLayer", "Layer", "SymbolicTensor", "input"].includes(name),
  );

  it("is among the cases", () => {
    expect([...Object.keys(cases), ...Object.keys(augmentation)].sort()).toEqual(functions.sort());
    const makers = [...Object.values(cases).flatMap(([, ...some]) => some), ...Object.values(augmentation)];
    const made = makers.map((make) => make().className);
    expect(layerClassNames.filter((name) => name !== "InputLayer" && !made.includes(name))).toEqual([]);
  });

  it.each(Object.keys(augmentation))("%s augments the same from its topology", async (name) => {
    const x = input({ shape: [6, 5, 3] });
    const augmented = augmentation[name]!()(x);
    const made = model({ inputs: x, outputs: layers.dense({ units: 3 })(layers.flatten()(augmented)), seed: 11 });
    const again = reload(made);
    expect(clone(again.layers.map(({ config }) => config))).toEqual(clone(made.layers.map(({ config }) => config)));
    await expectSame(made, again, true);
  });

  it.each(Object.keys(cases))("%s is the same from its topology, and computes and trains the same", async (name) => {
    const [shapes, ...makers] = cases[name] as Case;
    for (const make of makers) {
      const build = (): Model<unknown> => {
        const inputs = shapes.map((shape) => input({ shape }));
        // Something that is trained and something random, so that a step says more.
        const noisy = inputs.map((tensor) =>
          layers.dropout({ rate: 0.2 })(layers.dense({ units: tensor.shape.at(-1)! })(tensor)),
        );
        return model({ inputs, outputs: [make().call(noisy)], seed: 11 });
      };
      const made = build();
      const again = reload(made);
      expect(clone(again.layers.map(({ config }) => config))).toEqual(clone(made.layers.map(({ config }) => config)));
      await expectSame(made, again, true);
    }
  });

  it("has a config that its function takes, with defaults written out", () => {
    const { config, className } = layers.conv2d({ filters: 8, kernelSize: 3, kernelRegularizer: "l2" });
    expect({ className, config }).toEqual({
      className: "Conv2D",
      config: {
        ...{ filters: 8, kernelSize: [3, 3], strides: [1, 1], padding: "valid", dilationRate: [1, 1], groups: 1 },
        kernelInitializer: { className: "GlorotUniform", config: {} },
        kernelRegularizer: { className: "L1L2", config: { l1: 0, l2: 0.01 } },
        ...{
          activation: "linear",
          useBias: true,
          biasInitializer: { className: "Zeros", config: {} },
          trainable: true,
        },
      },
    });
    expect(layerFromConfig({ className, config: config! }).config).toEqual(config);
    expect(
      layerFromConfig({
        className: "Dense",
        config: { units: 3, kernelInitializer: "heNormal", kernelRegularizer: null },
      }).config,
    ).toMatchObject({
      kernelInitializer: { className: "HeNormal", config: {} },
    });
  });
});
