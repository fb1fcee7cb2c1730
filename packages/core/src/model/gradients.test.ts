import { afterAll, beforeAll, describe, expect, it } from "vitest";
import type { Backend, TensorData } from "../backend/index.js";
import { Experiment } from "../conformance/experiment.js";
import { caseStream, fillTensor, randomModel } from "../conformance/index.js";
import { Trial, tensorOf } from "../conformance/trial.js";
import { input, layers, type Model, model } from "../index.js";
import { noDraws } from "../layers/definition.js";
import { normal } from "../ops/caseInputs.js";
import type { Value } from "../ops/definition.js";
import { exact } from "../ops/tolerances.js";
import { differentiate, type GraphValue, type ScaledLoss } from "../plan/index.js";
import { reference } from "../reference/index.js";
import { networkOf } from "./declare/network.js";

/** Step of the differences. With float64 storage the quotient is right to about 1e-9. */
const h = 1e-6;
const rows = 3;

let backend: Backend;
beforeAll(async () => {
  backend = await reference({ storage: "float64" });
});
afterAll(() => backend.dispose());

/** A model's training step up to its gradients: what is differentiated is the sum of `scale * loss`. */
class ModelStep {
  readonly experiment: Experiment = new Experiment({ fused: false });
  readonly weights: Map<string, GraphValue> = new Map();
  readonly losses: ScaledLoss[] = [];

  constructor(net: Model<unknown>) {
    const network = networkOf(net);
    const { graph } = this.experiment;
    for (const { path, shape, trainable } of network.parameters) {
      const value = this.#place(path, shape, path.endsWith("variance") ? 0 : 0.4);
      if (trainable) {
        this.weights.set(path, value);
      }
    }
    const placed = new Map([...this.#moving, ...this.weights]);
    const values = new Map<number, Value>(
      network.inputs.map(({ name, shape, tensor }) => [tensor, this.#place(name, [rows, ...shape], 1)]),
    );
    for (const { layer, instance, inputs, output } of network.calls) {
      const read = inputs.map((tensor) => values.get(tensor)!);
      const parameter = (name: string): Value =>
        placed.get(layer.parameters.find((known) => known.name === name)!.path)!;
      const own = { parameter, training: true, frozen: false, instance, ...noDraws };
      const context = { graph, input: read[0]!, inputs: read, ...own };
      values.set(
        output,
        layer.layer.apply({ ...context, addLoss: (loss) => this.losses.push({ loss, scale: 1 / rows }) }),
      );
    }
    network.outputs.forEach(({ name, tensor, shape }, index) => {
      const targets = this.#place(`targets of ${name}`, [rows, ...shape], 1);
      const [loss] = graph.apply("meanSquaredError", [values.get(tensor)!, targets], {});
      this.losses.push({ loss: loss!, scale: (index + 1) / rows });
    });
    for (const { path, regularizer } of network.parameters) {
      if (regularizer) {
        const [loss] = graph.apply("penalty", [placed.get(path)!], { ...regularizer, scale: 1 });
        this.losses.push({ loss: loss!, scale: 1 });
      }
    }
  }

  readonly #moving: Map<string, GraphValue> = new Map();

  #place(label: string, shape: readonly number[], deviation: number): GraphValue {
    const content = normal(shape, deviation || 0.1);
    const data = (): TensorData => fillTensor(content, caseStream(`model ${label}`, 0));
    const moving = label.includes("moving");
    const value = this.experiment.input(label, content, data, moving ? exact : undefined);
    this.#moving.set(label, value);
    return value;
  }
}

async function expectGradients(net: Model<unknown>, mostTried = Infinity): Promise<number> {
  const { experiment, weights, losses } = new ModelStep(net);
  losses.forEach(({ loss }, index) => {
    experiment.output(`loss ${index}`, loss, exact);
  });
  const gradients = differentiate(experiment.graph, { losses, wanted: [...weights.values()] });
  for (const [path, { id }] of weights) {
    experiment.output(`gradient of ${path}`, gradients.get(id)!, exact);
  }
  const trial = await Trial.open(backend, experiment);
  trial.prepare(0);
  const find = (label: string) => experiment.tensors.find((tensor) => tensor.label === label)!;
  const run = async (): Promise<ReadonlyMap<string, TensorData>> => {
    await trial.run();
    return await trial.contents();
  };
  const lossNow = async (): Promise<number> => {
    const contents = await run();
    return losses.reduce((sum, { scale }, index) => sum + scale * tensorOf(find(`loss ${index}`), contents)[0]!, 0);
  };
  const contents = await run();
  let compared = 0;
  for (const path of weights.keys()) {
    const tensor = find(path);
    const gradient = tensorOf(find(`gradient of ${path}`), contents).slice();
    const values = [...tensor.data!()];
    // Some of each tensor, evenly.
    const step = Math.max(1, Math.ceil(values.length / mostTried));
    for (const [index, value] of [...values.entries()].filter(([position]) => position % step === 0)) {
      const at = async (number: number): Promise<number> => {
        trial.write({ ...tensor, offset: tensor.offset + index }, Float64Array.of(number));
        return await lossNow();
      };
      const [above, below, here] = [await at(value + h), await at(value - h), await at(value)];
      const quotient = (above - below) / (value + h - (value - h));
      // At a bend (a tie of maxima, relu at 0) the quotients of both sides differ.
      if (Math.abs(above - 2 * here + below) / h > 1e-3 * (1 + Math.abs(quotient))) {
        continue;
      }
      expect(Math.abs(gradient[index]! - quotient), `${path}[${index}]`).toBeLessThan(2e-6 * (1 + Math.abs(quotient)));
      compared++;
    }
  }
  trial.close();
  return compared;
}

/** conv, batch normalization, tanh, conv, batch normalization, and what went in, added. */
function residualNetwork(): Model<unknown> {
  const images = input({ shape: [4, 4, 2], name: "images" });
  const conv = () =>
    layers.conv2d({
      filters: 2,
      kernelSize: 3,
      padding: "same",
      useBias: false,
      kernelRegularizer: { l1: 0, l2: 0.1 },
    });
  let x = layers.batchNormalization()(conv()(images));
  x = layers.batchNormalization({ center: false })(conv()(layers.activation({ activation: "tanh" })(x)));
  const sum = layers.add()([x, images]);
  const pooled = layers.globalAveragePooling2d()(layers.activityRegularization({ l2: 0.05 })(layers.silu()(sum)));
  const head = layers.dense({ units: 2 });
  return model({ inputs: images, outputs: [head(pooled), layers.layerNormalization()(head(head(pooled)))] });
}

/** The convolutions that are made of other ops, and layers whose weights change their shape on the way. */
function unusualNetwork(): Model<unknown> {
  const images = input({ shape: [4, 4, 4], name: "images" });
  const grouped = layers.conv2d({ filters: 4, kernelSize: 2, groups: 2 })(images);
  const byChannel = layers.conv2d({ filters: 4, kernelSize: 2, groups: 4 })(images);
  const back = layers.conv2dTranspose({ filters: 2, kernelSize: 3, strides: 2, padding: "same" })(
    layers.subtract()([grouped, byChannel]),
  );
  const sloped = layers.prelu({ sharedAxes: [1, 2] })(layers.separableConv2d({ filters: 2, kernelSize: 3 })(back));
  const sequence = layers.reshape({ targetShape: [8, 4] })(layers.groupNormalization({ groups: 1 })(sloped));
  const convolved = layers.conv1d({ filters: 2, kernelSize: 3, padding: "causal" })(sequence);
  return model({ inputs: images, outputs: layers.layerNormalization({ axis: [-2, -1] })(layers.prelu()(convolved)) });
}

describe("gradients of models against difference quotients", () => {
  it.each([
    ["a residual block with batch normalization, a shared layer, two outputs and penalties", residualNetwork],
    ["groups, transposed and separable convolutions, slopes, sequences", unusualNetwork],
  ])("%s", async (_, network) => {
    expect(await expectGradients(network())).toBeGreaterThan(80);
  });

  it.each(Array.from({ length: 40 }, (_, seed) => seed))("random model %i", async (seed) => {
    expect(await expectGradients(randomModel(seed).model, 4)).toBeGreaterThan(3);
  });
});
