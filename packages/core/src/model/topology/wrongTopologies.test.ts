import { describe, expect, it } from "vitest";
import { ModelFileError } from "../../errors.js";
import * as layers from "../../layers/index.js";
import { inputTensor as input } from "../../layers/inputLayer.js";
import { type ModelTopology, model, modelFromTopology, modelTopology } from "../index.js";
import { clone } from "./testing/reloading.js";

describe("topologies that are wrong", () => {
  const good = (): ModelTopology => {
    const x = input({ shape: [4, 4, 2] });
    const y = layers.flatten()(layers.conv2d({ filters: 3, kernelSize: 2 })(x));
    return clone(modelTopology(model({ inputs: x, outputs: layers.dense({ units: 2 })(y) })));
  };
  // biome-ignore lint/suspicious/noExplicitAny: breaks what types forbid.
  type Broken = any;

  it.each<[string, (topology: Broken) => void, RegExp]>([
    ["class of the model", (t) => (t.className = "Model"), /topology: .* is no model, expected/],
    ["no layers", (t) => delete t.config.layers, /topology: layers is missing, expected an array/],
    [
      "class of a layer",
      (t) => (t.config.layers[1].className = "Conv2d"),
      /layer conv2d \(Conv2d\): unknown layer class "Conv2d": did you mean "Conv2D"/,
    ],
    [
      "class that objects have by nature",
      (t) => (t.config.layers[1].className = "constructor"),
      /unknown layer class "constructor"/,
    ],
    ["an option", (t) => (t.config.layers[1].config.filters = -3), /layer conv2d \(Conv2D\): conv2d: filters is -3/],
    ["an unknown option", (t) => (t.config.layers[1].config.filter = 3), /unknown option filter: did you mean filters/],
    [
      "an option of another type",
      (t) => (t.config.layers[1].config.kernelSize = {}),
      /topology, layer conv2d \(Conv2D\)/,
    ],
    [
      "an initializer that is none",
      (t) => (t.config.layers[1].config.kernelInitializer = [1, 1]),
      /kernelInitializer is \[1,1\], expected { className, config }/,
    ],
    [
      "an initializer",
      (t) => (t.config.layers[1].config.kernelInitializer.className = "Xavier"),
      /unknown class of kernelInitializer "Xavier"/,
    ],
    ["a name", (t) => (t.config.layers[1].config.name = 7), /layer conv2d: name is 7, expected a string/],
    [
      "another name",
      (t) => (t.config.layers[1].config.name = "other"),
      /layer conv2d: the model would call it "other"/,
    ],
    [
      "a call of nothing",
      (t) => (t.config.calls[1].layer = "conv"),
      /calls\[1\] is of layer "conv", which is not among its layers/,
    ],
    [
      "a tensor of nothing",
      (t) => (t.config.calls[1].inputs[0][1] = 1),
      /calls\[1\] \(conv2d\) reads \["input_layer",1,0\], which no call before it gives/,
    ],
    ["a tensor of something else", (t) => (t.config.outputs = ["conv2d", "map", "name"]), /outputs reads/],
    [
      "too many inputs",
      (t) => t.config.calls[1].inputs.push(["input_layer", 0, 0]),
      /layer conv2d \(Conv2D\) takes 1 tensor, got 2/,
    ],
    [
      "a layer that is not used",
      (t) => t.config.layers.push({ className: "Flatten", name: "more", config: {} }),
      /layer more: no output of the model depends on it/,
    ],
    [
      "a layer named twice",
      (t) => (t.config.layers[2].name = "conv2d"),
      /layer conv2d: there are two layers of that name/,
    ],
    [
      "a layer from nowhere",
      (t) => (t.config.layers[2].sameAs = ["x"]),
      /layer flatten: sameAs is \["x"\], which names no layer before it/,
    ],
    ["shapes", (t) => (t.config.layers[1].config.kernelSize = [9, 9]), /layer conv2d \(Conv2D\)/],
    ["a seed", (t) => (t.config.seed = -1), /seed is -1/],
    ["trainable", (t) => (t.config.layers[1].config.trainable = "no"), /trainable is "no", expected true or false/],
  ])("%s", (_, spoil, message) => {
    const topology = good();
    spoil(topology);
    expect(() => modelFromTopology(topology)).toThrow(ModelFileError);
    expect(() => modelFromTopology(topology)).toThrow(message);
  });

  it("models within models that would run more layers than anyone has are refused, and fast", () => {
    let within = { className: "Flatten", name: "flatten", config: {} as object };
    for (let depth = 0; depth < 40; depth++) {
      const name = `level${depth}`;
      const twice = [within, { className: within.className, name: within.name, sameAs: [] as string[] }];
      within = { className: "Sequential", name, config: { name, inputShape: [2], layers: twice } };
    }
    const fill = (entry: Broken, path: string[]): void => {
      const [first, second] = entry.config.layers ?? [];
      if (first !== undefined) {
        second.sameAs = [...path, first.name];
        fill(first, second.sameAs);
      }
    };
    fill(within, []);
    expect(() => modelFromTopology(within as Broken)).toThrow(/more than 20000 layers would run/);
  });
});
