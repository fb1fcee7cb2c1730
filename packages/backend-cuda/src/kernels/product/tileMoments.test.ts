import { layers, type Sequential, sequential } from "@convoy/core";
import { comparePlans, formatComparison } from "@convoy/core/conformance";
import { reference } from "@convoy/core/reference";
import { afterEach, describe, expect, it } from "vitest";
import { cuda } from "../../index.js";
import { countsOf, findEmulator, setEmulator } from "../../testing/emulator.js";

const { library, note } = findEmulator();
const size = 46;

/** Numbers far from 0 and close to each other, of which mean(x^2) - mean^2 would leave nothing. */
function samples(count: number) {
  let state = 7;
  const data = Float32Array.from({ length: count * size * size * 3 }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return 100 + state / 2 ** 32;
  });
  const y = { shape: [count], data: Array.from({ length: count }, (_, index) => index % 10) };
  return { x: { shape: [count, size, size, 3], data }, y };
}

/** 40 channels take two columns of small tiles, the last of them not full, or one of large ones. */
function model(): Sequential {
  return sequential(
    [
      layers.conv2d({ filters: 40, kernelSize: 3, inputShape: [size, size, 3] }),
      layers.batchNormalization(),
      layers.activation({ activation: "relu" }),
      layers.averagePooling2d(),
      layers.batchNormalization({ center: false }),
      layers.conv2d({ filters: 7, kernelSize: 3, strides: 2, useBias: false }),
      layers.batchNormalization({ scale: false }),
      layers.globalAveragePooling2d(),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed: 4 },
  );
}

const loss = "sparseCategoricalCrossentropy";

describe.skipIf(library === undefined)(`moments of many tiles and rows on the emulator${note}`, () => {
  afterEach(() => {
    setEmulator(library!, { multiprocessors: 4, order: 2, workers: 1 });
    expect(countsOf(library!).reports).toBe(0);
  });

  // 5808 rows are 182 small tiles, 15488 are 121 large ones: three and two a part, the last part shorter.
  it.each([
    ["small", 132, 3],
    ["large", 6, 8],
  ] as const)(
    "%s tiles: the reference's numbers, in any order",
    async (_, multiprocessors, count) => {
      setEmulator(library!, { multiprocessors, order: 2, workers: 1 });
      const { x, y } = samples(count);
      const [trusted, backend] = [await reference(), await cuda({ library: library! })];
      const tolerance = { relative: 1e-3, absolute: 3e-3 };
      const comparison = await comparePlans(model(), trusted, backend, { x, y }, { loss, optimizer: "sgd", tolerance });
      // Gradients of the first convolution are sums of large numbers that cancel; other tests have them.
      const normalizations = comparison.ops.filter(({ op }) => op.includes("BatchNorm"));
      expect(normalizations.map(({ op }) => op)).toEqual([
        ...["fusedConv2dBatchNorm", "fusedBatchNorm", "fusedConv2dBatchNorm"],
        ...["fusedBatchNormBackward", "fusedBatchNormBackward", "fusedBatchNormBackward"],
      ]);
      const wrong = normalizations.filter(({ status }) => status !== "agrees");
      expect(wrong, formatComparison(comparison)).toEqual([]);
      expect(comparison.wholeStep).toBe("agrees");

      const trained = async (order: number, workers: number) => {
        setEmulator(library!, { order, workers });
        const net = model();
        net.compile({ backend, loss, optimizer: "sgd" });
        await net.trainOnBatch(x, y);
        const weights = (await net.getWeights()).map(({ data }) => data);
        net.dispose();
        return weights;
      };
      const first = await trained(2, 1);
      expect(await trained(9, 2)).toEqual(first);
      expect(await trained(1, 2)).toEqual(first);
      await trusted.dispose();
      await backend.dispose();
    },
    120_000,
  );
});
