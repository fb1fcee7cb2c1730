import type { Backend } from "../backend/index.js";
import type { Callback, TrainingState } from "../callbacks/index.js";
import * as layers from "../layers/index.js";
import { auc, type Metric, type MetricName } from "../metrics/index.js";
import { type FitOptions, type History, type Sequential, sequential } from "../model/index.js";
import { labels, normal, oneHot } from "../ops/caseInputs.js";
import type { CaseInput } from "../ops/opCase.js";
import { adam, type Optimizer, sgd } from "../optimizers/index.js";
import { exponentialDecay } from "../optimizers/schedules.js";
import type { Tensor } from "../tensor.js";
import { expectIdentical } from "./compare.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { require } from "./failure.js";
import { caseStream, fillTensor } from "./fill.js";

/** A training that is stopped and goes on. */
interface ResumedTraining {
  readonly name: string;
  layers(): readonly layers.Layer[];
  optimizer(): Optimizer;
  readonly loss: "sparseCategoricalCrossentropy" | "binaryCrossentropy";
  readonly metrics: readonly (MetricName | Metric)[];
  readonly labels: CaseInput;
  readonly options: FitOptions;
}

/** Of which a tenth is for validation: ten full steps an epoch and a smaller one. */
const rows = 92;
const batchSize = 8;
const epochs = 3;

const trainings: readonly ResumedTraining[] = [
  {
    name: "dropout, batch normalization, Adam with a schedule",
    layers: () => [
      layers.conv2d({ filters: 4, kernelSize: 3, inputShape: [6, 6, 2] }),
      layers.batchNormalization(),
      layers.relu(),
      layers.maxPooling2d(),
      layers.flatten(),
      layers.dropout({ rate: 0.3 }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
    optimizer: () =>
      adam({ learningRate: exponentialDecay({ initialLearningRate: 0.02, decaySteps: 5, decayRate: 0.9 }) }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    labels: labels([rows], 3),
    options: { validationSplit: 0.1 },
  },
  {
    name: "images that are turned, shifted, brightened",
    layers: () => [
      layers.randomRotation({ factor: 0.1, inputShape: [6, 6, 2] }),
      layers.randomTranslation({ heightFactor: 0.2, widthFactor: 0.2 }),
      layers.randomBrightness({ factor: 0.1, valueRange: [-9, 9] }),
      layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu" }),
      layers.flatten(),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
    optimizer: () => adam({ learningRate: 0.01 }),
    loss: "sparseCategoricalCrossentropy",
    metrics: ["accuracy"],
    labels: labels([rows], 3),
    options: { validationSplit: 0.1 },
  },
  {
    name: "an average of the weights, sums of gradients, areas under curves, sample weights, no order",
    layers: () => [
      layers.flatten({ inputShape: [6, 6, 2] }),
      layers.gaussianNoise({ stddev: 0.1 }),
      layers.dense({ units: 7, activation: "tanh", kernelRegularizer: "l2" }),
      layers.dense({ units: 2, activation: "sigmoid" }),
    ],
    optimizer: () =>
      sgd({
        learningRate: 0.1,
        momentum: 0.9,
        ...{ useEma: true, emaMomentum: 0.8, emaOverwriteFrequency: 3, gradientAccumulationSteps: 3 },
      }),
    loss: "binaryCrossentropy",
    metrics: [auc(), "binaryAccuracy"],
    labels: oneHot([rows, 2]),
    options: {
      validationSplit: 0.1,
      shuffle: false,
      sampleWeight: Float32Array.from({ length: rows }, (_, row) => (row % 3) / 2),
    },
  },
];

/** A training state, taken out while training runs, leads to the same bits as training that never stopped. */
export function resumingCases(): ConformanceCase[] {
  return trainings.map((training) => ({
    level: "step",
    op: "training",
    name: `training: goes on from a state to the same bits, ${training.name}`,
    async run(backend) {
      const states = new Map<string, TrainingState>();
      const unbroken = await train(backend, training, {});
      const watched = [atResults(states), atSteps(states), atEpochs(states)];
      for (const [number, callback] of watched.entries()) {
        const seen = await train(backend, training, { callbacks: [callback] });
        expectSame(`taking states (${number}) changes nothing:`, seen, unbroken);
      }
      const places = ["results", "step 2", "step 9", "validation", "epoch 0", "epoch 1", "epoch 2"];
      const missing = places.filter((place) => !states.has(place));
      require(missing.length === 0, `training: took no states at ${missing.join(", ")}`);
      for (const [place, state] of states) {
        const resumed = await train(backend, training, { resumeFrom: structuredClone(state) });
        expectSame(`after going on from ${place}:`, resumed, unbroken);
      }
    },
  }));
}

/** When results arrive in the second epoch, and other steps run already where steps are short; none runs ahead of the first. */
function atResults(states: Map<string, TrainingState>): Callback {
  return {
    async onProgress({ epoch, stepsDone }, training) {
      if (epoch === 1 && stepsDone > 1 && !states.has("results")) {
        states.set("results", await training.getState());
      }
    },
  };
}

/** Between steps, also right before the smaller one at the end of an epoch, and after that. */
function atSteps(states: Map<string, TrainingState>): Callback {
  return {
    batchInterval: 7,
    async onBatchEnd(step, _, training) {
      const state = await training.getState();
      if (state.fit!.epoch === 1) {
        states.set(`step ${step}`, state);
      }
    },
    async onValidationBegin(epoch, training) {
      if (epoch === 1) {
        states.set("validation", await training.getState());
      }
    },
  };
}

function atEpochs(states: Map<string, TrainingState>): Callback {
  return {
    async onEpochEnd(epoch, _, training) {
      states.set(`epoch ${epoch}`, await training.getState());
    },
  };
}

/** What training leaves behind. */
interface Trained {
  readonly history: History;
  readonly weights: readonly Tensor<Float32Array>[];
}

async function train(backend: Backend, training: ResumedTraining, options: FitOptions): Promise<Trained> {
  const { loss, metrics } = training;
  // Nothing of the weights that training began with may be needed to go on.
  const seed = options.resumeFrom === undefined ? 11 : 12;
  const model: Sequential = sequential(training.layers(), { seed });
  model.compile({ backend, optimizer: training.optimizer(), loss, metrics });
  try {
    const x = fillTensor(normal([rows, 6, 6, 2]), caseStream("resuming samples", 0));
    const y = { data: fillTensor(training.labels, caseStream("resuming labels", 0)), shape: training.labels.shape };
    const history = await model.fit({ data: x, shape: [rows, 6, 6, 2] }, y, {
      ...{ batchSize, epochs, seed: 5, verbose: 0 },
      ...training.options,
      ...options,
    });
    return { history, weights: await model.getWeights() };
  } finally {
    model.dispose();
  }
}

const reason = "what runs later must depend on nothing but weights, slots, counts and the step table";

/** The resumed training may lack the epochs before. */
function expectSame(when: string, resumed: Trained, unbroken: Trained): void {
  for (const [index, { data, shape }] of unbroken.weights.entries()) {
    expectIdentical(`${when} weight ${index}`, resumed.weights[index]!.data, data, shape, reason);
  }
  const { epochs: done, history } = unbroken.history;
  const later = done.slice(done.length - resumed.history.epochs.length);
  expectIdentical(`${when} epochs`, Float64Array.from(resumed.history.epochs), Float64Array.from(later), [
    later.length,
  ]);
  for (const [name, values] of later.length === 0 ? [] : Object.entries(history)) {
    const wanted = Float64Array.from(values.slice(values.length - later.length));
    const got = Float64Array.from(resumed.history.history[name] ?? []);
    expectIdentical(`${when} ${name}`, got, wanted, [wanted.length], reason);
  }
}
