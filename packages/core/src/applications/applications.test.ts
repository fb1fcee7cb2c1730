import { afterAll, beforeAll, describe, expect, it, vi } from "vitest";
import type { Backend } from "../backend/index.js";
import { ArgumentError, applications, layers, type Model, ShapeError, sequential } from "../index.js";
import { reference } from "../reference/index.js";

/** The totals of the summary, and of all layers the number: nothing that draws weights. */
function counts(model: Model) {
  let summary = "";
  model.summary((text) => {
    summary = text;
  });
  const count = (what: string) =>
    Number(new RegExp(`^${what} params: (.*)$`, "m").exec(summary)![1]!.replaceAll(",", ""));
  return { total: count("Total"), trainable: count("Trainable"), layers: model.layers.length };
}

const names = (model: Model) => model.layers.map(({ label }) => label);
const shapes = (model: Model, layerNames: readonly string[]) =>
  layerNames.map((name) => model.getLayer(name).output.shape);

describe("numbers of parameters and layers", () => {
  it.each([
    // As in Keras.
    { make: applications.vgg16, total: 138_357_544, trainable: 138_357_544, layers: 23 },
    { make: applications.vgg19, total: 143_667_240, trainable: 143_667_240, layers: 26 },
    { make: applications.resnet50, total: 25_636_712, trainable: 25_583_592, layers: 177 },
    { make: applications.mobileNetV2, total: 3_538_984, trainable: 3_504_872, layers: 156 },
    { make: applications.denseNet121, total: 8_062_504, trainable: 7_978_856, layers: 429 },
    // As in torchvision, which counts no moving statistics.
    { make: applications.resnet18, total: 11_689_512 + 9_600, trainable: 11_689_512, layers: 74 },
    { make: applications.squeezeNet, total: 1_235_496, trainable: 1_235_496, layers: 41 },
    // As in timm, likewise.
    { make: applications.mobileNetV4ConvSmall, total: 3_774_024 + 25_088, trainable: 3_774_024, layers: 154 },
    // As in the papers.
    { make: applications.resnet20Cifar, total: 269_722 + 1_376, trainable: 269_722, layers: 79 },
    { make: applications.lenet5, total: 61_706, trainable: 61_706, layers: 9 },
    { make: applications.augmented, total: 121_930, trainable: 121_930, layers: 12 },
  ])("$make.name", ({ make, ...expected }) => {
    expect(counts(make())).toEqual(expected);
  });

  it.each([
    { make: applications.vgg16, total: 14_714_688, layers: 19 },
    { make: applications.vgg19, total: 20_024_384, layers: 22 },
    { make: applications.resnet50, total: 23_587_712, layers: 175 },
    { make: applications.mobileNetV2, total: 2_257_984, layers: 154 },
    { make: applications.denseNet121, total: 7_037_504, layers: 427 },
  ])("$make.name without the classifier", ({ make, ...expected }) => {
    expect(counts(make({ includeTop: false }))).toMatchObject(expected);
  });

  it("follow alpha, the classes, the version and the channels", () => {
    const narrow = { alpha: 0.35, inputShape: [96, 96, 3] };
    expect(counts(applications.mobileNetV2({ ...narrow, includeTop: false })).total).toBe(410_208);
    expect(counts(applications.mobileNetV2({ ...narrow, classes: 10 })).total).toBe(410_208 + 1281 * 10);
    // 1.4 widens the last convolution as well: 1792 channels.
    expect(applications.mobileNetV2({ alpha: 1.4, includeTop: false }).output.shape).toEqual([7, 7, 1792]);
    expect(counts(applications.squeezeNet({ version: "1.0" })).total).toBe(1_248_424);
    expect(counts(applications.vgg16({ includeTop: false, inputShape: [64, 48, 1] })).total).toBe(
      14_714_688 - 2 * 9 * 64,
    );
  });

  it("are known at once and without memory for the weights", () => {
    const before = process.memoryUsage().arrayBuffers;
    const start = performance.now();
    counts(applications.vgg16());
    expect(performance.now() - start).toBeLessThan(2000);
    expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20);
  });
});

describe("layers and their order", () => {
  it("vgg16", () => {
    const model = applications.vgg16();
    expect(names(model)).toEqual([
      ...["input_layer", "block1_conv1", "block1_conv2", "block1_pool", "block2_conv1", "block2_conv2", "block2_pool"],
      ...["block3_conv1", "block3_conv2", "block3_conv3", "block3_pool"],
      ...["block4_conv1", "block4_conv2", "block4_conv3", "block4_pool"],
      ...["block5_conv1", "block5_conv2", "block5_conv3", "block5_pool", "flatten", "fc1", "fc2", "predictions"],
    ]);
    expect([model.name, model.getLayer("block5_pool").output.shape]).toEqual(["vgg16", [7, 7, 512]]);
  });

  it("resnet50: the shortcut's layers stand between those at the same depth", () => {
    const model = applications.resnet50();
    const all = names(model);
    const block = "conv2_block1";
    expect(all.slice(0, 19)).toEqual([
      ...["input_layer", "conv1_pad", "conv1_conv", "conv1_bn", "conv1_relu", "pool1_pad", "pool1_pool"],
      ...[`${block}_1_conv`, `${block}_1_bn`, `${block}_1_relu`, `${block}_2_conv`, `${block}_2_bn`, `${block}_2_relu`],
      ...[`${block}_0_conv`, `${block}_3_conv`, `${block}_0_bn`, `${block}_3_bn`, `${block}_add`, `${block}_out`],
    ]);
    expect(all.slice(-4)).toEqual(["conv5_block3_add", "conv5_block3_out", "avg_pool", "predictions"]);
    expect(shapes(model, ["conv2_block3_out", "conv3_block4_out", "conv4_block6_out", "conv5_block3_out"])).toEqual([
      [56, 56, 256],
      [28, 28, 512],
      [14, 14, 1024],
      [7, 7, 2048],
    ]);
  });

  it("mobileNetV2", () => {
    const model = applications.mobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3] });
    const all = names(model);
    expect(model.name).toBe("mobilenetv2_0.35_96");
    expect(all.slice(0, 19)).toEqual([
      ...["input_layer", "Conv1", "bn_Conv1", "Conv1_relu"],
      ...["expanded_conv_depthwise", "expanded_conv_depthwise_BN", "expanded_conv_depthwise_relu"],
      ...["expanded_conv_project", "expanded_conv_project_BN"],
      ...["block_1_expand", "block_1_expand_BN", "block_1_expand_relu", "block_1_pad"],
      ...[
        "block_1_depthwise",
        "block_1_depthwise_BN",
        "block_1_depthwise_relu",
        "block_1_project",
        "block_1_project_BN",
      ],
      "block_2_expand",
    ]);
    expect(all.slice(-5)).toEqual(["Conv_1", "Conv_1_bn", "out_relu", "global_average_pooling2d", "predictions"]);
    expect(all.filter((name) => name.endsWith("_add"))).toEqual(
      [2, 4, 5, 7, 8, 9, 11, 12, 14, 15].map((block) => `block_${block}_add`),
    );
    // Channels are multiples of 8 however narrow: 16, 24, 32, ... times 0.35.
    const projected = [1, 3, 6, 10, 13, 16].map((block) => model.getLayer(`block_${block}_project`).output.shape[2]);
    expect([model.getLayer("expanded_conv_project").output.shape[2], ...projected]).toEqual([
      8, 8, 16, 24, 32, 56, 112,
    ]);
  });

  it("mobileNetV4ConvSmall: modules of timm, paddings on all sides", () => {
    const model = applications.mobileNetV4ConvSmall();
    const all = names(model);
    expect(model.name).toBe("mobilenetv4_conv_small");
    expect(all.slice(0, 12)).toEqual([
      ...["input_layer", "conv_stem.pad", "conv_stem", "bn1", "bn1.act"],
      ...["blocks.0.0.pad", "blocks.0.0.conv", "blocks.0.0.bn1", "blocks.0.0.bn1.act"],
      ...["blocks.0.1.conv", "blocks.0.1.bn1", "blocks.0.1.bn1.act"],
    ]);
    const block = all.filter((name) => name.startsWith("blocks.2.0."));
    expect(block.filter((name) => /conv$|bn$/.test(name))).toEqual(
      ["dw_start", "pw_exp", "dw_mid", "pw_proj"].flatMap((part) => [
        `blocks.2.0.${part}.conv`,
        `blocks.2.0.${part}.bn`,
      ]),
    );
    // The second takes the strides, 28x28 before and 14x14 behind; expansion by 3.
    expect(shapes(model, ["blocks.2.0.dw_start.conv", "blocks.2.0.pw_exp.conv", "blocks.2.0.dw_mid.conv"])).toEqual([
      [28, 28, 64],
      [28, 28, 192],
      [14, 14, 192],
    ]);
    expect(all.filter((name) => name.endsWith(".add"))).toEqual([
      ...[1, 2, 3, 4, 5].map((index) => `blocks.2.${index}.add`),
      ...[1, 2, 3, 4, 5].map((index) => `blocks.3.${index}.add`),
    ]);
    expect(shapes(model, ["blocks.1.0.conv", "blocks.1.1.conv", "blocks.3.5.add", "blocks.4.0.bn1.act"])).toEqual([
      [28, 28, 96],
      [28, 28, 64],
      [7, 7, 128],
      [7, 7, 960],
    ]);
    expect(applications.mobileNetV4ConvSmall({ includeTop: false, pooling: "avg" }).output.shape).toEqual([960]);
  });

  it("denseNet121", () => {
    const model = applications.denseNet121();
    const all = names(model);
    expect(all.slice(0, 15)).toEqual([
      ...["input_layer", "zero_padding2d", "conv1_conv", "conv1_bn", "conv1_relu", "zero_padding2d", "pool1"],
      ...[
        "conv2_block1_0_bn",
        "conv2_block1_0_relu",
        "conv2_block1_1_conv",
        "conv2_block1_1_bn",
        "conv2_block1_1_relu",
      ],
      ...["conv2_block1_2_conv", "conv2_block1_concat", "conv2_block2_0_bn"],
    ]);
    expect(all.slice(-7)).toEqual([
      ...[
        "conv5_block16_1_relu",
        "conv5_block16_2_conv",
        "conv5_block16_concat",
        "bn",
        "relu",
        "avg_pool",
        "predictions",
      ],
    ]);
    expect(shapes(model, ["pool2_pool", "pool3_pool", "pool4_pool", "relu"])).toEqual([
      [28, 28, 128],
      [14, 14, 256],
      [7, 7, 512],
      [7, 7, 1024],
    ]);
  });

  it("resnet20Cifar: every second pixel and channels of zeros beside a block that changes shapes", () => {
    const model = applications.resnet20Cifar();
    expect(names(model).filter((name) => name.startsWith("conv3_block1_0"))).toEqual([
      ...["conv3_block1_0_pool", "conv3_block1_0_columns", "conv3_block1_0_pad", "conv3_block1_0_channels"],
    ]);
    expect(names(model).filter((name) => name.endsWith("_conv"))).toHaveLength(19);
    expect(shapes(model, ["conv2_block3_out", "conv3_block3_out", "conv4_block3_out"])).toEqual([
      [32, 32, 16],
      [16, 16, 32],
      [8, 8, 64],
    ]);
  });

  it("squeezeNet 1.0 and 1.1: sizes of the maps", () => {
    const sizes = (version: "1.0" | "1.1", layers: readonly string[]) => {
      const model = applications.squeezeNet({ version });
      return layers.map((name) => model.getLayer(name).output.shape[0]);
    };
    expect(sizes("1.0", ["conv1", "pool1", "pool4", "pool8", "conv10"])).toEqual([111, 55, 27, 13, 13]);
    expect(sizes("1.1", ["conv1", "pool1", "pool3", "pool5", "conv10"])).toEqual([111, 55, 27, 13, 13]);
  });
});

describe("options", () => {
  it("pooling replaces the classifier", () => {
    const small = { includeTop: false, inputShape: [32, 32, 3] } as const;
    expect(applications.vgg16(small).output.shape).toEqual([1, 1, 512]);
    const averaged = applications.resnet50({ ...small, pooling: "avg" });
    expect([names(averaged).at(-1), averaged.output.shape]).toEqual(["avg_pool", [2048]]);
    const largest = applications.mobileNetV2({ ...small, pooling: "max" });
    expect([names(largest).at(-1), largest.output.shape]).toEqual(["global_max_pooling2d", [1280]]);
  });

  it("name and seed are those of the model", () => {
    const { name, seed } = applications.lenet5({ name: "digits", seed: 3 });
    expect([name, seed]).toEqual(["digits", 3]);
  });

  it.each([
    [
      () => applications.vgg16({ inputShape: [16, 64, 3] }),
      ShapeError,
      "vgg16: input size must be at least 32x32, got inputShape [16,64,3]",
    ],
    [() => applications.vgg16({ inputShape: [16, 64, 3] }), ShapeError, "layers.resizing({ height: 32, width: 64 })"],
    [
      () => applications.lenet5({ inputShape: [28, 28] }),
      ArgumentError,
      "lenet5: inputShape is [28,28], expected [height, width, channels]",
    ],
    [
      () => applications.resnet18({ inputShape: [32.5, 32, 3] }),
      ArgumentError,
      "resnet18: height in inputShape is 32.5",
    ],
    [() => applications.resnet50({ classes: 0 }), ArgumentError, "resnet50: classes is 0"],
    [
      () => applications.denseNet121({ pooling: "mean" as "avg" }),
      ArgumentError,
      'unknown pooling of denseNet121 "mean"',
    ],
    [() => applications.mobileNetV2({ alpha: 0 }), ArgumentError, "mobileNetV2: alpha is 0"],
    [() => applications.squeezeNet({ version: "1.2" as "1.1" }), ArgumentError, 'unknown version of squeezeNet "1.2"'],
    [
      () => applications.vgg19({ include_top: false } as object),
      ArgumentError,
      "vgg19: unknown option include_top: did you mean includeTop?",
    ],
    [() => applications.resnet50({ alpha: 0.5 } as object), ArgumentError, "resnet50: unknown option alpha"],
  ])("errors name values and remedy: %s", (make, type, message) => {
    expect(make).toThrow(type);
    expect(make).toThrow(message);
  });

  it("warns of channels in the wrong place, as Keras does", () => {
    const warn = vi.spyOn(console, "warn").mockImplementation(() => undefined);
    applications.mobileNetV2({ inputShape: [64, 64, 32] });
    expect(warn.mock.calls.flat()).toEqual([
      expect.stringContaining(
        "mobileNetV2: this network usually expects 1 or 3 input channels, got inputShape [64,64,32] with 32",
      ),
    ]);
    warn.mockRestore();
  });
});

describe("training", () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await reference();
  });
  afterAll(() => backend.dispose());

  const settings = { optimizer: "adam", loss: "sparseCategoricalCrossentropy" } as const;
  const images = (shape: readonly number[]) => {
    const size = shape.reduce((product, length) => product * length, 1);
    return { data: Float32Array.from({ length: size }, (_, index) => Math.sin(index * 0.7)), shape };
  };

  it("a step of augmented resamples the images once", () => {
    const model = applications.augmented();
    model.compile({ backend, ...settings });
    const { ops } = model.plan({ batchSize: 2, print: () => undefined });
    expect(ops.filter(({ op }) => op === "warp2d" || op === "dropout").map(({ op }) => op)).toEqual([
      ...["warp2d", "dropout", "dropout", "dropout", "dropout"],
    ]);
  });

  const ofDigits = ["tutorial", "simple", "augmented"];
  it.each(Object.entries(applications).filter(([name]) => !ofDigits.includes(name)))(
    "a step of %s can be planned",
    (name, make) => {
      const model = (make as typeof applications.vgg16)({
        classes: 10,
        ...(name === "lenet5" ? {} : { inputShape: [64, 64, 3] }),
      });
      model.compile({ backend, ...settings });
      const { ops } = model.plan({ batchSize: 2, print: () => undefined });
      expect(ops.at(-1)!.op).toBe("adamUpdate");
    },
  );

  it.each([
    { model: applications.mobileNetV2({ alpha: 0.35, inputShape: [48, 48, 3], classes: 10 }), shape: [2, 48, 48, 3] },
    { model: applications.resnet20Cifar({ inputShape: [8, 8, 3] }), shape: [2, 8, 8, 3] },
    { model: applications.squeezeNet({ inputShape: [31, 31, 3], classes: 10 }), shape: [2, 31, 31, 3] },
    { model: applications.lenet5(), shape: [2, 28, 28, 1] },
  ])("a step changes every trained weight of $model.name", async ({ model, shape }) => {
    model.compile({ backend, ...settings });
    const before = await model.getWeights();
    const { loss } = await model.trainOnBatch(images(shape), [3, 7]);
    expect(loss).toBeGreaterThan(0);
    expect(loss).toBeLessThan(20);
    const after = await model.getWeights();
    const changed = after.filter(({ data }, index) => data.some((value, at) => value !== before[index]!.data[at]));
    expect(changed.length).toBe(after.length);
    model.dispose();
  });

  it("frozen features below a new classifier have no gradients", () => {
    const base = applications.mobileNetV2({ alpha: 0.35, inputShape: [32, 32, 3], includeTop: false, pooling: "avg" });
    base.trainable = false;
    const model = sequential([base, layers.dense({ units: 5, activation: "softmax" })]);
    expect(counts(model)).toEqual({ total: 410_208 + 1281 * 5, trainable: 1281 * 5, layers: 2 });
    model.compile({ backend, ...settings });
    const { ops } = model.plan({ batchSize: 2, print: () => undefined });
    expect(ops.map(({ op }) => op).filter((op) => /conv2d.*Backward|batchNorm.*Backward/i.test(op))).toEqual([]);
  });
});
