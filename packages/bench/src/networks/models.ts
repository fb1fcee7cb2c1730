import { ArgumentError, applications, type Layer, layers, type Model, sequential } from "@convoy/core";

/** A network that can be trained and measured. */
interface NetworkDeclaration {
  /** [height, width, channels] of the images that it is measured on; the first is that of synthetic ones. */
  readonly inputShapes: readonly (readonly [number, number, number])[];
  /** Whether steps draw random numbers, so that no other library can have the same losses. */
  readonly random?: boolean;
  /** The network with its first weights. */
  build(seed: number, inputShape: readonly number[]): Model;
}

const digits = [28, 28, 1] as const;
const small = [32, 32, 3] as const;
const large = [224, 224, 3] as const;

/** The networks that can be trained, the default first. */
export const modelNames = [
  "tutorial",
  "simple",
  "dropout",
  "augmented",
  "lenet5",
  "vgg32",
  "strided",
  "stem224",
  "resnet20",
  "mobilenetv2",
] as const;

export type ModelName = (typeof modelNames)[number];

const declarations: Readonly<Record<ModelName, NetworkDeclaration>> = {
  tutorial: { inputShapes: [digits], build: (seed) => applications.tutorial({ seed }) },
  simple: { inputShapes: [digits], build: (seed) => applications.simple({ seed }) },
  dropout: { inputShapes: [digits], random: true, build: dropout },
  augmented: { inputShapes: [digits], random: true, build: augmented },
  lenet5: { inputShapes: [digits], build: (seed) => applications.lenet5({ seed }) },
  vgg32: { inputShapes: [small], build: vgg32 },
  strided: { inputShapes: [small], build: strided },
  stem224: { inputShapes: [large], build: stem224 },
  resnet20: { inputShapes: [small], build: (seed) => applications.resnet20Cifar({ seed, classes: 10 }) },
  mobilenetv2: {
    inputShapes: [large, small],
    build: (seed, inputShape) => applications.mobileNetV2({ seed, inputShape, classes: 10 }),
  },
};

/** A network with its first weights, for images [H,W,C]; default: those that it has for synthetic ones. */
export function buildNetwork(
  model: ModelName,
  seed: number,
  inputShape: readonly number[] = syntheticShape(model),
): Model {
  return declarations[model].build(seed, inputShape);
}

/** [H,W,C] of the synthetic images of a network. */
export function syntheticShape(model: ModelName): readonly number[] {
  return declarations[model].inputShapes[0] as readonly number[];
}

/** Whether a network takes images [H,W,C]. */
export function takesImages(model: ModelName, [height, width, channels]: readonly number[]): boolean {
  return declarations[model].inputShapes.some((shape) => shape.join() === [height, width, channels].join());
}

/** Throws `ArgumentError` where the images of a data set are not those of a network. */
export function checkImages(model: ModelName, dataset: string, inputShape: readonly number[]): void {
  if (!takesImages(model, inputShape)) {
    const wanted = declarations[model].inputShapes.map((shape) => shape.join("x")).join(" or ");
    const fitting = modelNames.filter((name) => takesImages(name, inputShape));
    throw new ArgumentError(
      `--model ${model} takes images of ${wanted}, those of ${dataset} are ${inputShape.join("x")}; take --dataset synthetic, ` +
        `or --model ${fitting.join(", ")}`,
    );
  }
}

/** Whether steps draw random numbers, so that no other library can have the same losses. */
export function isRandom(model: ModelName): boolean {
  return declarations[model].random === true;
}

const convolution = { kernelSize: 3, activation: "relu" } as const;

/** The convolutional network of Keras' MNIST example ("Simple MNIST convnet"), which drops half of its features. */
function dropout(seed: number): Model {
  return sequential(
    [
      layers.conv2d({ filters: 32, ...convolution, inputShape: [...digits] }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, ...convolution }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dropout({ rate: 0.5 }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed },
  );
}

/** `simple` on digits that each step turns by up to 18 degrees and moves by up to a tenth, as a part of the step. */
function augmented(seed: number): Model {
  return sequential(
    [
      layers.randomRotation({ factor: 0.05, fillMode: "constant", inputShape: [...digits] }),
      layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1, fillMode: "constant" }),
      layers.conv2d({ filters: 32, ...convolution }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 64, ...convolution }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 64, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed },
  );
}

/** Two convolutions at each of three sizes, padded, as in VGG: 64, 128 and 256 filters; dense 256, dense 10. */
function vgg32(seed: number): Model {
  const pair = (filters: number, index: number) => [
    layers.conv2d({ filters, ...convolution, padding: "same", ...(index === 0 ? { inputShape: [...small] } : {}) }),
    layers.conv2d({ filters, ...convolution, padding: "same" }),
    layers.maxPooling2d({ poolSize: 2 }),
  ];
  return sequential(
    [
      ...[64, 128, 256].flatMap(pair),
      layers.flatten(),
      layers.dense({ units: 256, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed },
  );
}

/** A padded convolution with relu; `inputShape` of the first layer. */
function conv(filters: number, kernelSize: number, strides = 1, inputShape?: readonly number[]): Layer {
  return layers.conv2d({
    ...{ filters, kernelSize, strides, activation: "relu", padding: "same" },
    ...(inputShape === undefined ? {} : { inputShape: [...inputShape] }),
  });
}

/** What the digits' networks have none of: strides, 1x1 and 5x5 kernels, a global average. */
function strided(seed: number): Model {
  return sequential(
    [
      conv(32, 3, 2, small),
      ...[conv(64, 1), conv(64, 3, 2), conv(128, 1), conv(128, 5)],
      layers.globalAveragePooling2d(),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed },
  );
}

/** The first layers of a network for photographs, and 1x1. */
function stem224(seed: number): Model {
  return sequential(
    [
      conv(64, 7, 2, large),
      layers.maxPooling2d({ poolSize: 3, strides: 2, padding: "same" }),
      ...[conv(64, 3), conv(64, 3), conv(256, 1)],
      layers.globalAveragePooling2d(),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed },
  );
}
