import { applications } from "@convoy/core";
import { describe, expect, it } from "vitest";
import { webgpu } from "./index.js";
import { training } from "./testing/models.js";
import { useSoftwareGpu } from "./testing/softwareGpu.js";

useSoftwareGpu();

describe.each(["registers", "tiled"] as const)("resnet20Cifar on %s kernels", (kernels) => {
  /** How many dispatches the ops of a step take, by name. */
  async function dispatches(mode: "train" | "predict"): Promise<Record<string, number>> {
    const backend = await webgpu({ kernels });
    const model = applications.resnet20Cifar();
    model.compile({ ...training, backend });
    const plan = model.plan({ mode, batchSize: 32, print: () => undefined });
    const [, , ...rows] = backend.formatProgram(plan).split("\n");
    expect(rows).toHaveLength(backend.launches!(plan));
    const found: Record<string, number> = {};
    for (const row of rows) {
      const [, op] = row.split(/ +/);
      found[op!] = (found[op!] ?? 0) + 1;
    }
    await backend.dispose();
    return found;
  }

  it("trains each of its 19 convolutions with its normalization in two dispatches forward and four backward", async () => {
    expect(await dispatches("train")).toEqual({
      gatherRows: 2,
      fusedConv2dBatchNorm: 2 * 19,
      fusedBatchNormBackward: 2 * 19,
      fusedConv2dBackward: 2 * 18,
      conv2dBackwardFilter: 2,
      // Of the two shortcuts that change shape.
      averagePool2d: 3,
      averagePool2dBackward: 3,
      pad: 4,
      fusedDense: 1,
      fusedDenseBackward: 3,
      fusedSoftmaxLoss: 1,
      adamUpdate: 1,
    });
  });

  it("predicts in one dispatch a convolution", async () => {
    expect(await dispatches("predict")).toEqual({
      gatherRows: 1,
      fusedConv2d: 19,
      averagePool2d: 3,
      pad: 2,
      fusedDense: 1,
      softmax: 1,
      storeRows: 1,
    });
  });
});
