import { expect, it } from "vitest";
import * as applications from "../../applications/index.js";
import { reference } from "../../reference/index.js";
import { type Model, type ModelTopology, modelFromTopology, modelTopology } from "../index.js";

type Make = (options: object) => Model;

/** Every application, small: with a classifier of few classes on images of few pixels. */
const small: [string, () => Model][] = Object.entries(applications as unknown as Record<string, Make>).map(
  ([name, make]) => {
    const ofDigits = ["simple", "tutorial", "augmented", "lenet5"].includes(name);
    return [
      name,
      () => make({ seed: 3, ...(ofDigits ? {} : { inputShape: [32, 32, 3], classes: 7, classifierActivation: null }) }),
    ];
  },
);

it.each(small)("%s predicts the same from its topology, bit for bit", async (_, make) => {
  const made = make();
  const again = modelFromTopology(JSON.parse(JSON.stringify(modelTopology(made))) as ModelTopology);
  expect(modelTopology(again)).toEqual(modelTopology(made));
  const { shape } = made.inputs[0]!;
  const data = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, (_, i) => Math.sin(i));
  const predictions: Float32Array[] = [];
  for (const each of [made, again]) {
    each.compile({ backend: await reference() });
    predictions.push((await each.predict({ data, shape: [1, ...shape] })).data);
    each.dispose();
  }
  expect(predictions[0]!.some((value) => value !== predictions[0]![0])).toBe(true);
  expect(predictions[1]).toEqual(predictions[0]);
});
