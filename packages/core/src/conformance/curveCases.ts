import type { Backend } from "../backend/index.js";
import { syntheticDigits } from "../datasets/syntheticDigits.js";
import * as layers from "../layers/index.js";
import { sequential } from "../model/index.js";
import { adam, type Optimizer, rmsprop } from "../optimizers/index.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { require } from "./failure.js";

/** A short training and what it has to reach. */
interface Curve {
  readonly name: string;
  /** Pixels a side of the digits. */
  readonly size: number;
  readonly samples: number;
  readonly epochs: number;
  layers(size: number): readonly layers.Layer[];
  optimizer(): Optimizer;
  /** Accuracy on other digits. The reference reaches `typical` with most seeds; the limit is well below. */
  readonly typical: number;
  readonly minAccuracy: number;
}

const curves: readonly Curve[] = [
  {
    name: "two convolutions with max-pooling, Adam, digits of 28x28",
    size: 28,
    samples: 1200,
    epochs: 4,
    layers: (size) => [
      layers.conv2d({ filters: 8, kernelSize: 3, activation: "relu", inputShape: [size, size, 1] }),
      layers.maxPooling2d(),
      layers.conv2d({ filters: 16, kernelSize: 3, activation: "relu" }),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dense({ units: 32, activation: "relu" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    optimizer: () => adam({ learningRate: 0.005 }),
    typical: 0.91,
    minAccuracy: 0.86,
  },
  {
    name: "a padded convolution, average pooling and dropout, RMSprop, digits of 14x14",
    size: 14,
    samples: 1200,
    epochs: 8,
    layers: (size) => [
      layers.conv2d({ filters: 8, kernelSize: 3, padding: "same", activation: "elu", inputShape: [size, size, 1] }),
      layers.averagePooling2d(),
      layers.flatten(),
      layers.dropout({ rate: 0.25 }),
      layers.dense({ units: 48, activation: "tanh" }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    optimizer: () => rmsprop({ learningRate: 0.003 }),
    typical: 0.83,
    minAccuracy: 0.78,
  },
];

/** Short trainings, a tail batch at the end of every epoch, that reach an accuracy. */
export function curveCases(): ConformanceCase[] {
  return curves.map((curve) => ({
    level: "curve",
    op: "training",
    name: `training: ${curve.name}`,
    run: (backend) => expectAccuracy(backend, curve),
  }));
}

async function expectAccuracy(backend: Backend, curve: Curve): Promise<void> {
  const { size, samples, epochs, minAccuracy, typical } = curve;
  const train = syntheticDigits({ samples, seed: 1, size });
  const test = syntheticDigits({ samples: 500, seed: 2, size });
  const model = sequential(curve.layers(size), { seed: 3 });
  model.compile({
    backend,
    optimizer: curve.optimizer(),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
  });
  try {
    const { history } = await model.fit(train.images, train.labels, { epochs, batchSize: 64, verbose: 0 });
    const { accuracy } = await model.evaluate(test.images, test.labels, { verbose: 0 });
    const losses = history.loss!.map((loss) => loss.toFixed(3)).join(", ");
    require(accuracy! >=
      minAccuracy, `accuracy ${accuracy} on digits not trained on after ${epochs} epochs (loss ${losses}), expected at least ${minAccuracy}, ` +
      `the reference reaches about ${typical}`);
  } finally {
    model.dispose();
  }
}
