import { applications, type Model } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { comparePlans, formatComparison } from "@convoy/core/conformance";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cuda } from "./index.js";
import { countsOf, findEmulator } from "./testing/emulator.js";
import { relativeDifference } from "./testing/singleOp.js";

const { library, note } = findEmulator();
const size = 96;

const mobileNet = (): Model => applications.mobileNetV2({ alpha: 0.35, inputShape: [size, size, 3], seed: 2 });
const loss = "sparseCategoricalCrossentropy";
/** Two images of waves. */
const x = {
  shape: [2, size, size, 3],
  data: Float32Array.from({ length: 2 * size * size * 3 }, (_, index) => Math.sin(index * 0.013 + (index % 3))),
};
const y = { shape: [2], data: [3, 141] };

/** The losses of two training steps, the second with what the first has made of the weights. */
async function losses(backend: Backend): Promise<number[]> {
  const model = mobileNet();
  model.compile({ backend, optimizer: "sgd", loss });
  const found: number[] = [];
  for (let step = 0; step < 2; step++) {
    found.push((await model.trainOnBatch(x, y)).loss!);
  }
  model.dispose();
  return found;
}

describe.skipIf(library === undefined)(`mobileNetV2 on the emulator${note}`, () => {
  let trusted: Backend;
  let backend: Backend;
  beforeAll(async () => {
    trusted = await reference();
    backend = await cuda({ library: library! });
  });
  afterAll(async () => {
    await trusted.dispose();
    await backend.dispose();
    expect(countsOf(library!).reports).toBe(0);
  });

  it("trains with the reference's loss", async () => {
    const [expected, actual] = [await losses(trusted), await losses(backend)];
    expect(relativeDifference(actual.slice(0, 1), expected.slice(0, 1))).toBeLessThan(1e-5);
    expect(actual[1]).toBeLessThan(actual[0]!);
    // Statistics over two images and fifty layers make of a rounding a few percent, on the reference in float64 as well.
    expect(relativeDifference(actual, expected)).toBeLessThan(0.1);
  });

  it("has the reference's numbers in every op of a training step", async () => {
    const comparison = await comparePlans(mobileNet(), trusted, backend, { x, y }, { loss, optimizer: "sgd" });
    expect(comparison.ops.map(({ op }) => op)).toEqual(
      expect.arrayContaining(["fusedConv2dBatchNorm", "fusedBatchNorm", "fusedBatchNormBackward"]),
    );
    // Many means and sums are 0 but for rounding: what a convolution makes of normalized numbers has no mean.
    const wrong = comparison.ops.filter(({ status, maxError }) => status !== "agrees" && !(maxError < 1e-5));
    expect(wrong, formatComparison(comparison)).toEqual([]);
    expect(comparison.wholeStep).toBe("agrees");
  });
});
