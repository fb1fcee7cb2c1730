import { applications } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cuda } from "./index.js";
import { findEmulator } from "./testing/emulator.js";

const { library, note } = findEmulator();

describe.skipIf(library === undefined)(`launches of resnet20Cifar on the emulator${note}`, () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await cuda({ library: library! });
  });
  afterAll(() => backend.dispose());

  it.each([
    // 19 convolutions with normalization: 2 forward, of which the first also gathers the batch, and 2 backward, of which none
    // for the images; 19 launches for the gradients of the convolutions. Average pooling 3 and 3, padding 4, the dense layer
    // with the loss 1, its gradients 1, Adam 1.
    ["train", 19 * 2 + 19 * 2 + 19 + 3 + 3 + 4 + 1 + 1 + 1],
    // 19 convolutions, average pooling 3, padding 2, the dense layer, softmax, storing the rows, the end of the step.
    ["predict", 19 + 3 + 2 + 4],
  ] as const)("%s", (mode, launches) => {
    const model = applications.resnet20Cifar();
    model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    const plan = model.plan({ mode, batchSize: 8, print: () => {} });
    expect(backend.launches!(plan)).toBe(launches);
    model.dispose();
  });
});
