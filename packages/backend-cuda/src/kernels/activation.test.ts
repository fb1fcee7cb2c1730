import { type Activation, layers, sequential } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { syntheticDigits } from "@convoy/core/datasets";
import { reference } from "@convoy/core/reference";
import { describe, expect, it } from "vitest";
import { cuda } from "../index.js";
import type { CudaExecutable } from "../run/executable.js";
import { findEmulator } from "../testing/emulator.js";
import { relativeDifference } from "../testing/singleOp.js";

const { library, note } = findEmulator();

interface Trained {
  readonly losses: readonly number[];
  /** Kernels of a training step. */
  readonly kernels: readonly string[];
}

/** Three epochs of two convolutions and two dense layers with the activation. */
async function trained(backend: Backend, activation: Activation): Promise<Trained> {
  const compile = backend.compile.bind(backend);
  let kernels: readonly string[] = [];
  backend.compile = async (plan, ...rest) => {
    const executable = await compile(plan, ...rest);
    kernels = plan.mode === "train" ? ((executable as CudaExecutable).kernels ?? []) : kernels;
    return executable;
  };
  const { images, labels } = syntheticDigits({ samples: 12, seed: 2, size: 12 });
  const model = sequential(
    [
      layers.conv2d({ filters: 5, kernelSize: 3, activation, inputShape: [12, 12, 1] }),
      layers.averagePooling2d({ poolSize: 2 }),
      layers.conv2d({ filters: 6, kernelSize: 2, activation }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 9, activation }),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed: 4 },
  );
  model.compile({ backend, optimizer: "sgd", loss: "sparseCategoricalCrossentropy" });
  const { history } = await model.fit(images, labels, { epochs: 3, batchSize: 6, verbose: 0 });
  model.dispose();
  await backend.dispose();
  return { losses: history.loss!, kernels };
}

describe.skipIf(library === undefined)(`activations inside products on the emulator${note}`, () => {
  for (const activation of ["relu", "relu6", "leakyRelu", "elu", "sigmoid", "tanh"] as const) {
    it(`${activation} has no launch of its own`, async () => {
      const expected = await trained(await reference(), activation);
      const actual = await trained(await cuda({ library: library! }), activation);
      expect(relativeDifference(actual.losses, expected.losses)).toBeLessThan(1e-5);
      // Forward 5 with the average pooling, backward the same, the update.
      expect(actual.kernels).toHaveLength(11);
      expect(actual.kernels.filter((kernel) => kernel.startsWith("unary"))).toEqual([]);
    });
  }
});
