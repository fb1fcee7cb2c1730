import { constraints, input, type Layer, layers, type Model, model, sequential, type Tensor } from "@convoy/core";

/** A pseudo-random number in [-1, 1) that depends on an index alone. */
function noise(index: number): number {
  const value = Math.sin(index * 12.9898 + 78.233) * 43758.5453;
  return 2 * (value - Math.floor(value)) - 1;
}

/** Weights that are neither zero nor one, and variances that are positive. */
export async function fillWeights(made: Model): Promise<void> {
  const fill = async (layer: Layer, offset: number): Promise<void> => {
    const parameters = layer.weights?.parameters ?? [];
    if (parameters.length > 0) {
      await layer.setWeights(
        parameters.map(({ name, shape }, position) => {
          const size = shape.reduce((product, length) => product * length, 1);
          const value = (index: number): number => 0.4 * noise(offset + 1000 * position + index);
          return {
            shape,
            data: Float32Array.from({ length: size }, (_, index) =>
              name.includes("variance") || name === "gamma" ? 1 + value(index) : value(index),
            ),
          };
        }),
      );
    }
  };
  let offset = 0;
  const visit = async (one: Model): Promise<void> => {
    for (const layer of one.layers) {
      if ("layers" in layer) {
        await visit(layer as Model);
      } else {
        offset += 10_000;
        await fill(layer, offset);
      }
    }
  };
  await visit(made);
}

/** Samples for a model, of each of its inputs. */
export function samplesFor(made: Model, count = 3): Tensor<Float32Array>[] {
  return made.inputs.map(({ shape }, position) => {
    const size = shape.reduce((product, length) => product * length, count);
    return {
      data: Float32Array.from({ length: size }, (_, index) => noise(7 * position + index)),
      shape: [count, ...shape],
    };
  });
}

/** A stack of images' layers. Names are given in part. */
export function stack(): Model {
  return sequential(
    [
      layers.conv2d({
        filters: 6,
        kernelSize: [3, 2],
        strides: [2, 1],
        padding: "same",
        activation: "relu",
        inputShape: [12, 10, 3],
        kernelInitializer: "heNormal",
        kernelRegularizer: "l2",
      }),
      layers.batchNormalization({ momentum: 0.9, epsilon: 1e-4, name: "norm" }),
      layers.activation({ activation: "selu" }),
      layers.depthwiseConv2d({ kernelSize: 3, depthMultiplier: 2, activation: "tanh" }),
      layers.maxPooling2d({ poolSize: 2, strides: 1, padding: "same" }),
      layers.separableConv2d({ filters: 5, kernelSize: 2, useBias: false }),
      layers.leakyRelu({ negativeSlope: 0.1 }),
      layers.zeroPadding2d({
        padding: [
          [0, 1],
          [2, 0],
        ],
      }),
      layers.conv2dTranspose({ filters: 4, kernelSize: 3, strides: 2, padding: "same", name: "grow" }),
      layers.prelu({ sharedAxes: [1, 2] }),
      layers.averagePooling2d({ poolSize: [2, 3] }),
      layers.upSampling2d({ size: 2 }),
      layers.cropping2d({
        cropping: [
          [1, 0],
          [0, 1],
        ],
      }),
      layers.layerNormalization(),
      layers.dropout({ rate: 0.25 }),
      layers.relu6(),
      layers.flatten(),
      layers.dense({
        units: 7,
        activation: "softplus",
        biasInitializer: "ones",
        kernelConstraint: constraints.maxNorm({ maxValue: 100 }),
      }),
      layers.elu(),
      layers.dense({ units: 4, activation: "softmax", name: "classes" }),
    ],
    { name: "stack" },
  );
}

/** Two inputs, two outputs, branches, a layer that is called twice, and models within models, one of them frozen. */
export function graph(): Model {
  const block = (name: string, channels: number) => {
    const start = input({ shape: [6, 6, channels] });
    const bent = layers.batchNormalization()(
      layers.conv2d({ filters: channels, kernelSize: 3, padding: "same", activation: "relu" })(start),
    );
    return model({ inputs: start, outputs: layers.add()([start, bent]), name });
  };
  const images = input({ shape: [6, 6, 4], name: "images" });
  const facts = input({ shape: [4], name: "facts" });
  const shared = layers.dense({ units: 4, activation: "sigmoid", name: "shared" });
  const frozen = block("frozen", 4);
  const head = sequential(
    [layers.conv2d({ filters: 4, kernelSize: 1, inputShape: [6, 6, 4] }), layers.globalAveragePooling2d()],
    { name: "head" },
  );
  const features = block("second", 4)(frozen(images));
  const pooled = head(features);
  const twice = shared(shared(facts));
  const joined = layers.concatenate()([pooled, twice, layers.globalMaxPooling2d()(features)]);
  const made = model({
    inputs: [images, facts],
    outputs: [
      layers.dense({ units: 3, activation: "softmax", name: "kind" })(joined),
      layers.multiply({ name: "product" })([pooled, layers.maximum()([twice, pooled])]),
    ],
    name: "graph",
  }) as unknown as Model;
  frozen.trainable = false;
  return made;
}

/** Sequences, and layers that not every program has. */
export function rareLayers(): Model {
  return sequential([
    layers.conv1d({ filters: 4, kernelSize: 3, padding: "causal", dilationRate: 2, inputShape: [10, 4] }),
    layers.maxPooling1d(),
    layers.groupNormalization({ groups: 2 }),
    layers.averagePooling1d({ poolSize: 2, strides: 1 }),
    layers.reshape({ targetShape: [2, 2, -1] }),
    layers.permute({ dims: [2, 1, 3] }),
    layers.rescaling({ scale: 0.5, offset: 0.1 }),
    layers.normalization({ mean: [0.1, 0.2, 0.3, 0.4], variance: [1, 2, 3, 4] }),
    layers.resizing({ height: 4, width: 3 }),
    layers.spatialDropout2d({ rate: 0.1 }),
    layers.gaussianNoise({ stddev: 0.1 }),
    layers.gaussianDropout({ rate: 0.1 }),
    layers.conv2d({ filters: 4, kernelSize: 1, groups: 2 }),
    layers.silu(),
    layers.elu({ alpha: 0.7 }),
    layers.hardSilu(),
    layers.activityRegularization({ l2: 0.01 }),
    layers.globalAveragePooling2d({ keepDims: true }),
    layers.activation({ activation: "gelu" }),
    layers.flatten(),
    layers.softmax(),
  ]);
}
