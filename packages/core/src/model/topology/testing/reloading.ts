import { expect } from "vitest";
import type { Backend } from "../../../backend/index.js";
import type { Layer } from "../../../layers/index.js";
import { reference } from "../../../reference/index.js";
import type { Tensor } from "../../../tensor.js";
import { networkOf } from "../../declare/network.js";
import { type Model, modelFromTopology, modelTopology } from "../../index.js";

const backend: Backend = await reference();

/** A copy by way of JSON. */
export const clone = <T>(value: T): T => JSON.parse(JSON.stringify(value)) as T;

/** All that two models have to agree in but for what the weights are now. */
function skeleton(of: Layer): object {
  const network = networkOf(of);
  return {
    name: of.name,
    inputs: network.inputs,
    outputs: network.outputs,
    calls: network.calls.map(({ layer, instance, inputs, output }) => [layer.path, instance, inputs, output]),
    layers: network.layers.map(({ layer, name, outputShapes, connectedTo }) => [
      layer.className,
      name,
      layer.trainable,
      outputShapes,
      connectedTo,
    ]),
    parameters: network.parameters.map(({ path, shape, trainable, index, weights, regularizer }) => [
      path,
      shape,
      trainable,
      index,
      weights.origin,
      regularizer,
    ]),
  };
}

/** A model from its topology as JSON, which has to be like the one that was made. */
export function reload<T extends Model<unknown>>(made: T, options = {}): T {
  const topology = clone(modelTopology(made));
  // JSON says all of it.
  expect(topology).toEqual(modelTopology(made));
  const again = modelFromTopology(topology, options) as unknown as T;
  expect(modelTopology(again)).toEqual(topology);
  expect(skeleton(again)).toEqual(skeleton(made));
  return again;
}

/** Samples for inputs of these shapes. */
export function sample(shapes: readonly (readonly number[])[], rows = 3): Tensor[] {
  return shapes.map((shape, number) => {
    const size = rows * shape.reduce((product, length) => product * length, 1);
    return {
      data: Float32Array.from({ length: size }, (_, index) => Math.sin(1 + number + 1.7 * index)),
      shape: [rows, ...shape],
    };
  });
}

function numbers(outputs: unknown): number[][] {
  const list = (
    Array.isArray(outputs) ? outputs : "data" in (outputs as object) ? [outputs] : Object.values(outputs as object)
  ) as Tensor[];
  return list.map(({ data }) => [...data]);
}

/** The same predictions, bit for bit; after a step of training as well, dropout and regularizers included. */
export async function expectSame(a: Model<unknown>, b: Model<unknown>, train = false): Promise<void> {
  const x = sample(a.inputs.map(({ shape }) => shape));
  const y = sample(a.outputs.map(({ shape }) => shape));
  const results = [];
  for (const each of [a, b]) {
    each.compile({ backend, optimizer: "sgd", loss: "meanSquaredError" });
    const before = numbers(await each.predict(x));
    const logs = train ? await each.trainOnBatch(x, y) : {};
    results.push({ before, logs, after: train ? numbers(await each.predict(x)) : [] });
    each.dispose();
  }
  expect(results[1]).toEqual(results[0]);
}
