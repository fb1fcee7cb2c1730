import {
  applications,
  type Backend,
  input,
  type Layer,
  layers,
  type Model,
  model,
  type SymbolicTensor,
  sequential,
} from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { channelsFirst, difference, noise, predictions, runOnnx } from "../../testing/onnxRuntime.js";
import { readOnnx } from "../readOnnx.js";
import { writeOnnx } from "./writeOnnx.js";

let backend: Backend;

beforeAll(async () => {
  backend = await reference();
});

afterAll(async () => {
  await backend.dispose();
});

/** Weights that no part of a network leaves without effect. */
async function stirred(made: Model): Promise<Model> {
  const weights = await made.getWeights();
  await made.setWeights(
    weights.map(({ data, shape }, index) => ({
      data: data.map((value, at) => value + 0.1 * Math.abs(Math.sin(7 * index + at))),
      shape,
    })),
  );
  return made;
}

/** ONNX Runtime and a model read from the file compute what the model does. */
async function expectSameNumbers(made: Model<unknown>): Promise<void> {
  await stirred(made as Model);
  const inputs = made.inputs.map(({ shape }, index) => noise([3, ...shape], index + 1));
  const expected = await predictions(made, backend, inputs);

  const file = await writeOnnx(made);
  const found = await runOnnx(file, inputs.map(channelsFirst));
  const again = await predictions(await readOnnx(file), backend, inputs);

  expected.forEach((output, index) => {
    expect(found[index]!.shape).toEqual(channelsFirst(output).shape);
    expect(difference(channelsFirst(output).data, found[index]!.data)).toBeLessThan(1e-5);
    expect(difference(output.data, again[index]!.data)).toBeLessThan(1e-5);
  });
  made.dispose();
}

const onImages = (...made: Layer[]) => sequential([layers.input({ shape: [9, 8, 4] }), ...made]);

const single: readonly [string, () => Layer][] = [
  ["conv2d", () => layers.conv2d({ filters: 5, kernelSize: [3, 2], activation: "relu" })],
  ["conv2d, same, strides, dilation", () => layers.conv2d({ filters: 3, kernelSize: 3, padding: "same", strides: 2 })],
  [
    "conv2d, dilation",
    () => layers.conv2d({ filters: 3, kernelSize: 3, padding: "same", dilationRate: 2, useBias: false }),
  ],
  ["conv2d, groups", () => layers.conv2d({ filters: 6, kernelSize: 3, groups: 2 })],
  ["conv2d, a group a channel", () => layers.conv2d({ filters: 8, kernelSize: 3, groups: 4 })],
  ["depthwiseConv2d", () => layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, padding: "same" })],
  ["separableConv2d", () => layers.separableConv2d({ filters: 3, kernelSize: 3 })],
  ["conv2dTranspose", () => layers.conv2dTranspose({ filters: 3, kernelSize: 3, strides: 2 })],
  ["conv2dTranspose, same", () => layers.conv2dTranspose({ filters: 3, kernelSize: 4, strides: 2, padding: "same" })],
  ["conv2dTranspose, small kernel", () => layers.conv2dTranspose({ filters: 3, kernelSize: 1, strides: 2 })],
  ["maxPooling2d", () => layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" })],
  ["averagePooling2d", () => layers.averagePooling2d({ poolSize: 3, strides: 2, padding: "same" })],
  ["globalAveragePooling2d", () => layers.globalAveragePooling2d()],
  ["globalMaxPooling2d", () => layers.globalMaxPooling2d({ keepDims: true })],
  ["batchNormalization", () => layers.batchNormalization()],
  ["groupNormalization", () => layers.groupNormalization({ groups: 2 })],
  ["layerNormalization", () => layers.layerNormalization()],
  [
    "zeroPadding2d",
    () =>
      layers.zeroPadding2d({
        padding: [
          [1, 2],
          [0, 3],
        ],
      }),
  ],
  [
    "cropping2d",
    () =>
      layers.cropping2d({
        cropping: [
          [1, 2],
          [0, 3],
        ],
      }),
  ],
  ["upSampling2d", () => layers.upSampling2d({ size: [2, 3] })],
  ["upSampling2d, bilinear", () => layers.upSampling2d({ size: 2, interpolation: "bilinear" })],
  ["resizing", () => layers.resizing({ height: 5, width: 13 })],
  ["permute", () => layers.permute({ dims: [3, 1, 2] })],
  ["reshape", () => layers.reshape({ targetShape: [4, 72] })],
  ["dense over channels", () => layers.dense({ units: 3 })],
  ["prelu", () => layers.prelu({ sharedAxes: [1, 2] })],
  ["prelu, a slope an element", () => layers.prelu()],
  ["rescaling", () => layers.rescaling({ scale: 0.5, offset: -1 })],
  ["dropout", () => layers.dropout({ rate: 0.5 })],
  ["softmax", () => layers.softmax()],
  ...(
    [
      ...[
        "relu",
        "relu6",
        "leakyRelu",
        "elu",
        "selu",
        "sigmoid",
        "hardSigmoid",
        "tanh",
        "softplus",
        "softsign",
        "silu",
      ],
      ...["hardSilu", "gelu", "geluTanh", "logSoftmax"],
    ] as const
  ).map((name): [string, () => Layer] => [name, () => layers.activation({ activation: name })]),
];

describe("writeOnnx", () => {
  it.each(single)("writes %s as ONNX Runtime understands it", async (_, make) => {
    await expectSameNumbers(onImages(make()));
  });

  it("writes a network with branches, several inputs and outputs and a model within", async () => {
    const [left, right] = [input({ shape: [8, 8, 3] }), input({ shape: [5], name: "extra" })];
    const base = sequential([
      layers.input({ shape: [8, 8, 3] }),
      layers.conv2d({ filters: 4, kernelSize: 3, padding: "same" }),
      layers.batchNormalization(),
      layers.relu(),
    ]);
    const features = base(left);
    const doubled = layers.add()([features, layers.conv2d({ filters: 4, kernelSize: 1 })(features)]);
    const joined = layers.concatenate()([doubled, layers.multiply()([features, doubled])]);
    const row = layers.concatenate()([layers.flatten()(layers.maxPooling2d()(joined)), right]);
    const outputs: SymbolicTensor[] = [layers.dense({ units: 3, activation: "softmax" })(row), joined];

    await expectSameNumbers(model({ inputs: [left, right], outputs }));
  });

  it.each([
    ["resnet20Cifar", () => applications.resnet20Cifar()],
    ["mobileNetV2", () => applications.mobileNetV2({ inputShape: [32, 32, 3], alpha: 0.35, classes: 7 })],
    ["squeezeNet", () => applications.squeezeNet({ inputShape: [48, 48, 3], classes: 7 })],
    ["lenet5", () => applications.lenet5()],
  ])(
    "writes %s",
    async (_, make) => {
      await expectSameNumbers(make());
    },
    120_000,
  );

  it("takes images as they lie here where that is wanted", async () => {
    const made = onImages(layers.conv2d({ filters: 2, kernelSize: 3 }));
    const images = noise([2, 9, 8, 4]);
    const [expected] = await predictions(made, backend, [images]);

    const [found] = await runOnnx(await writeOnnx(made, { layout: "nhwc" }), [images]);

    expect(found!.shape).toEqual([2, 7, 6, 2]);
    expect(difference(expected!.data, found!.data)).toBeLessThan(1e-5);
    made.dispose();
  });
});
