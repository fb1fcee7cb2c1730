import { type Layer, layers, sequential } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, expect, it } from "vitest";
import { forcedVariants } from "../testing/forcedVariants.js";
import { useSoftwareGpu } from "../testing/softwareGpu.js";
import { tiles } from "./tiles.js";

const adapter = useSoftwareGpu();
// Gradients have no way in float16.
const { open, force, taken } = forcedVariants((variant) => variant.endsWith("float16"), { otherwise: "first" });

let backend: Backend;
let oracle: Backend;
beforeAll(async () => {
  backend = await open({ kernels: "tiled", precision: "float16" });
  oracle = await reference();
  if (backend.device.details.precision !== "float16") {
    console.log(`webgpu: no test of float16, as ${withoutFloat16()}`);
  }
});
afterAll(async () => {
  await backend.dispose();
  await oracle.dispose();
});

/**
 * Of the largest output. Factors and sums of 16 products are rounded to 2^-11: typically 0.07% of the outputs' deviation, and
 * the largest of a few thousand outputs is off by five times that.
 */
const tolerance = 5e-3;

/** Images or rows of unit normals, roughly: sums of uniform numbers from a fixed generator. */
function samples(
  shape: readonly number[],
  scale: number,
): { readonly data: Float32Array; readonly shape: readonly number[] } {
  let state = 1;
  const uniform = (): number => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
  const length = shape.reduce((product, size) => product * size, 1);
  const data = Float32Array.from({ length }, () => scale * 2 * (uniform() + uniform() + uniform() - 1.5));
  return { data, shape };
}

const cases: readonly (readonly [
  name: string,
  inputShape: readonly number[],
  layer: (inputShape: readonly number[]) => Layer[],
])[] = [
  ["conv2d of one channel", [9, 8, 1], (inputShape) => [layers.conv2d({ filters: 5, kernelSize: 3, inputShape })]],
  [
    "conv2d in vectors, padded",
    [9, 8, 4],
    (inputShape) => [layers.conv2d({ filters: 12, kernelSize: 3, padding: "same", activation: "relu", inputShape })],
  ],
  [
    "conv2d with pooling",
    [13, 13, 32],
    (inputShape) => [
      layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu", inputShape }),
      layers.maxPooling2d({ poolSize: 2 }),
    ],
  ],
  ["dense over many", [1600], (inputShape) => [layers.dense({ units: 64, inputShape })]],
  ["dense of odd sizes", [37], (inputShape) => [layers.dense({ units: 10, activation: "relu", inputShape })]],
];

/** Outputs of the same network on the reference and on float16. */
async function outputs(
  network: readonly Layer[],
  x: ReturnType<typeof samples>,
): Promise<[Float32Array, Float32Array]> {
  const results: Float32Array[] = [];
  for (const on of [oracle, backend]) {
    const model = sequential([...network], { seed: 3 });
    model.compile({ backend: on });
    results.push((await model.predict(x, { batchSize: 64 })).data as Float32Array);
  }
  return results as [Float32Array, Float32Array];
}

for (const [index, [name, shape, network]] of cases.entries()) {
  // Three of the tiles each.
  for (const turn of [0, 3, 6]) {
    it(`${name} is close to float32, variant ${index + turn}`, async (context) => {
      skipWithoutFloat16(context);
      force(index + turn);
      const [expected, actual] = await outputs(network(shape), samples([7, ...shape], 1));
      const largest = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      const off = expected.reduce((most, value, at) => Math.max(most, Math.abs(value - actual[at]!)), 0);
      expect(largest).toBeGreaterThan(0);
      expect(off / largest).toBeLessThan(tolerance);
      // And it is not float32 by another name.
      expect(off / largest).toBeGreaterThan(1e-6);
    }, 120_000);
  }
}

it("takes factors beyond 65504 for 65504", async (context) => {
  skipWithoutFloat16(context);
  const model = sequential([layers.dense({ units: 4, useBias: false, inputShape: [4] })]);
  model.compile({ backend });
  // The kernel picks one input each.
  model.setWeights([{ data: Float32Array.from({ length: 16 }, (_, at) => (at % 5 === 0 ? 1 : 0)), shape: [4, 4] }]);
  const { data } = await model.predict({ data: Float32Array.of(1e6, -1e6, 65504, 2), shape: [1, 4] });
  expect([...data]).toEqual([65504, -65504, 65504, 2]);
});

it("keeps NaN and infinity, of weights and of what comes from the layer before", async (context) => {
  skipWithoutFloat16(context);
  const model = sequential([
    layers.dense({ units: 1, useBias: false, inputShape: [1] }),
    layers.dense({ units: 1, useBias: false }),
  ]);
  const number = (value: number) => ({ data: Float32Array.of(value), shape: [1, 1] });
  for (const variant of [0, 3, 6]) {
    force(variant);
    model.compile({ backend });
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, 2]) {
      model.setWeights([number(value), number(1)]);
      const { data } = await model.predict(number(1));
      expect([...data]).toEqual([value]);
    }
  }
});

it("trains", async (context) => {
  skipWithoutFloat16(context);
  const losses: number[][] = [];
  for (const on of [oracle, backend]) {
    const model = sequential([
      layers.conv2d({ filters: 8, kernelSize: 3, activation: "relu", inputShape: [8, 8, 4] }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 3, activation: "softmax" }),
    ]);
    model.compile({ backend: on, optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
    const labels = { data: Int32Array.from({ length: 48 }, (_, at) => at % 3), shape: [48] };
    const { history } = await model.fit(samples([48, 8, 8, 4], 1), labels, { epochs: 4, batchSize: 16, verbose: 0 });
    losses.push(history.loss as number[]);
  }
  const [expected, actual] = losses as [number[], number[]];
  expect(actual.at(-1)!).toBeLessThan(actual[0]!);
  actual.forEach((loss, epoch) => {
    expect(Math.abs(loss - expected[epoch]!)).toBeLessThan(0.02 * expected[epoch]!);
  });
}, 120_000);

it("has taken every tile", (context) => {
  skipWithoutFloat16(context);
  expect(taken.size).toBe(tiles.length);
});

function skipWithoutFloat16(context: { skip(note?: string): void }): void {
  if (backend.device.details.precision !== "float16") {
    context.skip(withoutFloat16());
  }
}

function withoutFloat16(): string {
  return `${backend.device.name} (${adapter}) has no shader-f16; CONVOY_TEST_ADAPTER=system takes the system's adapter`;
}
