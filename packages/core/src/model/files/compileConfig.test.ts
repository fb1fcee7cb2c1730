import { afterAll, beforeAll, expect, test } from "vitest";
import type { Backend } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import * as layers from "../../layers/index.js";
import * as losses from "../../losses/index.js";
import * as optimizers from "../../optimizers/index.js";
import { reference } from "../../reference/index.js";
import { sequential } from "../index.js";

let backend: Backend;
beforeAll(async () => {
  backend = await reference();
});
afterAll(() => backend.dispose());

const small = () => sequential([layers.dense({ units: 2, inputShape: [3], name: "end" })]);

test("a model says what it was compiled with", () => {
  const made = small();
  expect(made.getCompileConfig()).toBeUndefined();
  const optimizer = optimizers.sgd({ learningRate: 0.5, momentum: 0.9 });
  made.compile({
    backend,
    optimizer,
    loss: losses.huber({ delta: 2 }),
    lossWeights: 3,
    metrics: ["meanAbsoluteError"],
  });
  expect(made.getCompileConfig()).toEqual({
    optimizer: { className: "SGD", config: optimizer.config },
    outputs: [
      {
        name: "end",
        loss: { className: "Huber", config: { delta: 2 } },
        lossWeight: 3,
        metrics: [{ className: "MeanAbsoluteError", config: {} }],
      },
    ],
  });
});

test("without a loss there is none in it", () => {
  const made = small();
  made.compile({ backend });
  expect(made.getCompileConfig()?.optimizer.className).toBe("RMSprop");
  expect(made.getCompileConfig()?.outputs).toEqual([{ name: "end", lossWeight: 1, metrics: [] }]);
});

test("what does not say how it is made is named", () => {
  const made = small();
  const { className: _, config: __, ...mine } = { ...losses.meanSquaredError(), name: "mine" };
  made.compile({ backend, loss: mine });
  expect(() => made.getCompileConfig()).toThrow(ArgumentError);
  expect(() => made.getCompileConfig()).toThrow(/loss "mine" does not say how it is made/);
});
