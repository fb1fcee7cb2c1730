import { readFileSync } from "node:fs";
import { join } from "node:path";
import type { Backend, Model, Tensor } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, expect, test } from "vitest";
import type { LoadOptions } from "../options.js";
import { readKeras } from "./index.js";

const fixtures = join(import.meta.dirname, "../../fixtures");

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

interface Numbers {
  readonly shape: readonly number[];
  readonly data: readonly number[];
}

/** The largest difference from what Keras predicted. */
async function difference(file: string, expected: string, options: LoadOptions = {}): Promise<number> {
  const made: Model<unknown> = await readKeras(join(fixtures, file), {
    ...options,
    backend,
    warn: (message) => expect(message).toBe("nothing"),
  });
  const { inputs, outputs } = JSON.parse(readFileSync(join(fixtures, expected), "utf8")) as {
    readonly inputs: readonly Numbers[];
    readonly outputs: readonly Numbers[];
  };
  const tensors = inputs.map(({ shape, data }): Tensor => ({ shape, data: Float32Array.from(data) }));
  const predicted = await made.predict(tensors.length === 1 ? tensors[0]! : tensors);
  const actual = ([predicted] as (Tensor<Float32Array> | Tensor<Float32Array>[])[]).flat();
  expect(actual.map(({ shape }) => shape)).toEqual(outputs.map(({ shape }) => shape));
  return Math.max(
    ...outputs.flatMap(({ data }, output) =>
      data.map((value, index) => Math.abs(value - actual[output]!.data[index]!)),
    ),
  );
}

test.each([["graph.keras"], ["graph.h5"]])("Keras 3's %s: models within, shared layers, arithmetic", async (file) => {
  expect(await difference(file, "graph.json")).toBeLessThan(2e-6);
});

test("weights in several files of Keras 3", async () => {
  const architecture = readFileSync(join(fixtures, "graph.architecture.json"), "utf8");
  expect(await difference("graph.weights.json", "graph.json", { architecture })).toBeLessThan(2e-6);
});

test("a model of Keras 3 with the channels first", async () => {
  expect(await difference("first.keras", "first.json")).toBeLessThan(2e-6);
});
