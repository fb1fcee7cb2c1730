import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend } from "../backend/index.js";
import { ArgumentError, input, type Layer, layers, model, ShapeError, sequential } from "../index.js";
import { reference } from "../reference/index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

describe("a model that cannot be", () => {
  it("names an input that is missing or not used", () => {
    const a = input({ shape: [2], name: "a" });
    const b = input({ shape: [2], name: "b" });
    const sum = layers.add({ name: "sum" })([a, b]);
    expect(() => model({ inputs: a, outputs: sum })).toThrow(
      /output of layer sum depends on input b, which is not among the model's inputs "a". Add it to inputs/,
    );
    expect(() => model({ inputs: [a, b], outputs: layers.flatten()(a) })).toThrow(
      /no output depends on input b; leave it out/,
    );
    expect(() => model({ inputs: sum, outputs: layers.flatten()(sum) })).toThrow(/layer sum gives one of the inputs/);
  });

  it("names the layers whose shapes do not fit", () => {
    const a = layers.dense({ units: 2, name: "left" })(input({ shape: [3] }));
    const b = layers.dense({ units: 4, name: "right" })(input({ shape: [3] }));
    expect(() => layers.add()([a, b])).toThrow(ShapeError);
    expect(() => layers.add()([a, b])).toThrow(
      /layer add \(Add\) on samples \[2\] of left, \[4\] of right: add takes tensors of one shape, or with axes of size 1, got \[2\], \[4\]/,
    );
    const images = [4, 5].map((size) => layers.activation({ activation: "relu" })(input({ shape: [size, size, 3] })));
    expect(() => layers.concatenate()(images)).toThrow(/differ in axis -1 only, got \[4,4,3\], \[5,5,3\]/);
    expect(() => layers.concatenate({ axis: 7 })(images)).toThrow(
      /axis 7 is no axis of samples \[4,4,3\], which have -1 to -3/,
    );
  });

  it("refuses what is no symbolic tensor, and too many or few of them", () => {
    const x = input({ shape: [2] });
    const dense = layers.dense({ units: 1 });
    expect(() => dense(new Float32Array(2) as never)).toThrow(
      /layer dense was called on a Float32Array; layers are called on what input/,
    );
    expect(() => dense(layers.flatten() as never)).toThrow(/layer flatten itself, not on its output/);
    expect(() => dense([x, x])).toThrow(/dense \(Dense\) takes 1 tensor, got 2/);
    expect(() => layers.add()(x)).toThrow(/add \(Add\) takes 2 or more tensors, got 1/);
    expect(() => sequential([{} as Layer])).toThrow(/sequential takes layers/);
  });

  it("does not contain itself", () => {
    const net = sequential([layers.dense({ units: 2, inputShape: [2] })]);
    net.add(net);
    expect(() => net.summary()).toThrow(/contains itself, a cycle/);
  });
});

describe("options that are not known or missing", () => {
  it.each<[string, () => unknown, RegExp]>([
    [
      "layer",
      () => layers.conv2d({ filters: 1, kernelsize: 3 } as never),
      /conv2d: unknown option kernelsize: did you mean kernelSize\? Known: filters, kernelSize/,
    ],
    [
      "missing",
      () => layers.conv2d({ filters: 1 } as never),
      /conv2d: option kernelSize is missing; it has no default/,
    ],
    ["missing units", () => layers.dense({} as never), /dense: option units is missing/],
    [
      "no options",
      () => layers.dense(10 as never),
      /dense takes an object of options, such as \{ units: ... \}, got 10/,
    ],
    ["model", () => model({ input: 1 } as never), /model: unknown option input: did you mean inputs\?/],
    [
      "compile",
      () => sequential([layers.dense({ units: 1, inputShape: [1] })]).compile({ backend, optimiser: "sgd" } as never),
      /compile: unknown option optimiser: did you mean optimizer\?/,
    ],
  ])("%s", (_, make, message) => {
    expect(make).toThrow(ArgumentError);
    expect(make).toThrow(message);
  });

  it("fit", async () => {
    const net = sequential([layers.dense({ units: 1, inputShape: [1] })]);
    net.compile({ backend, loss: "meanSquaredError" });
    await expect(net.fit([[1]], [[1]], { epoch: 2 } as never)).rejects.toThrow(
      /fit: unknown option epoch: did you mean epochs\?/,
    );
  });
});

describe("a model too large for memory", () => {
  it("is named with the sizes", async () => {
    const net = sequential([layers.dense({ units: 100_000_000, inputShape: [784] })]);
    net.compile({ backend, loss: "meanSquaredError" });
    await expect(net.predict({ data: new Float32Array(784), shape: [1, 784] })).rejects.toThrow(ArgumentError);
    await expect(net.getWeights()).rejects.toThrow(/dense\/kernel \[784,100000000\] takes 292.1 GiB/);
  });
});
