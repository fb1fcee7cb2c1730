import type { Backend } from "../backend/index.js";
import { type Sequential, sequential } from "../model/index.js";
import { sizeOf } from "../ops/definition.js";
import type { CaseInput, Tolerance } from "../ops/opCase.js";
import { reference } from "../reference/index.js";
import type { Tensor, TensorData } from "../tensor.js";
import { expectClose } from "./compare.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { caseStream, fillTensor } from "./fill.js";
import { networks, type TrainedNetwork } from "./networks.js";

/** What a training leaves behind, by name. */
type Outcome = Map<string, Tensor>;

/** Training steps of small networks against the reference: losses, metrics, every weight, predictions. */
export function trainingCases(): ConformanceCase[] {
  return networks.flatMap((network) => [
    trainingCase(network, "one step", 1, oneStep),
    trainingCase(network, "ten steps with a tail batch", 10, tenSteps),
  ]);
}

type Train = (model: Sequential, network: TrainedNetwork) => Promise<Outcome>;

function trainingCase(network: TrainedNetwork, what: string, steps: number, train: Train): ConformanceCase {
  return {
    level: "step",
    op: "training",
    name: `training: ${what}, ${network.name}`,
    async run(backend) {
      const expected = await trained(await reference(), network, train);
      const actual = await trained(backend, network, train);
      for (const [label, { data, shape }] of expected) {
        expectClose(label, actual.get(label)!.data, data, shape, toleranceAfter(steps));
      }
    },
  };
}

/** Rounding differences of a step go into the next: they add up. */
function toleranceAfter(steps: number): Tolerance {
  return {
    relative: 1e-5 * (1 + steps),
    absolute: 5e-6 * steps,
    why: `rounding differences of ${steps} training steps`,
  };
}

async function trained(backend: Backend, network: TrainedNetwork, train: Train): Promise<Outcome> {
  const { loss, metrics } = network;
  const model = sequential(network.layers(), { seed: 11 });
  model.compile({ backend, optimizer: network.optimizer(), loss, metrics });
  try {
    const outcome = await train(model, network);
    const weights = await model.getWeights();
    weights.forEach((weight, index) => {
      outcome.set(`weight ${index}`, weight);
    });
    return outcome;
  } finally {
    model.dispose();
  }
}

async function oneStep(model: Sequential, network: TrainedNetwork): Promise<Outcome> {
  const { x, y, sampleWeight } = data(network, network.batchSize);
  const logs = await model.trainOnBatch(x, y, sampleWeight ? { sampleWeight } : {});
  return new Map(Object.entries(logs).map(([name, value]) => [name, numbers([value])]));
}

async function tenSteps(model: Sequential, network: TrainedNetwork): Promise<Outcome> {
  const { batchSize, samples } = network;
  const { x, y, sampleWeight } = data(network, samples.shape[0]!);
  const weighted = sampleWeight ? { sampleWeight } : {};
  const { history } = await model.fit(x, y, { batchSize, epochs: 2, verbose: 0, ...weighted });
  const outcome: Outcome = new Map(
    Object.entries(history).map(([name, values]) => [`${name} by epoch`, numbers(values)]),
  );
  const logs = await model.evaluate(x, y, { batchSize: 20, verbose: 0, ...weighted });
  for (const [name, value] of Object.entries(logs)) {
    outcome.set(`${name} of evaluate`, numbers([value]));
  }
  outcome.set("predictions", await model.predict(x, { batchSize: 20 }));
  return outcome;
}

function numbers(values: readonly number[]): Tensor {
  return { data: Float64Array.from(values), shape: [values.length] };
}

/** The first samples of a network with what belongs to them. */
function data(network: TrainedNetwork, count: number): { x: Tensor; y: Tensor; sampleWeight?: TensorData } {
  const { samples, labels, weights } = network;
  const first = (what: string, input: CaseInput): Tensor => {
    const shape = [count, ...input.shape.slice(1)];
    const values = fillTensor(input, caseStream(`${network.name} ${what}`, 0)).slice(0, sizeOf(shape));
    return { data: values, shape, ...(input.dtype === "uint8" ? { scale: 1 / 255 } : {}) };
  };
  return {
    x: first("samples", samples),
    y: first("labels", labels),
    ...(weights ? { sampleWeight: first("weights", weights).data } : {}),
  };
}
