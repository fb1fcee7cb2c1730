import type { Backend, KernelName, OpAttributes, Shape, Tensor, TensorSpec } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { cuda } from "../index.js";
import { countsOf, findEmulator, setEmulator } from "../testing/emulator.js";
import { relativeDifference, runOp } from "../testing/singleOp.js";

const { library, note } = findEmulator();

let seed = 1;

/** Numbers around `center`, the same in every run. */
function numbers(shape: Shape, center = 0): Tensor & TensorSpec {
  const data = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => {
    seed = (seed * 1103515245 + 12345) % 2 ** 31;
    return center + (seed / 2 ** 31 - 0.5) * 2;
  });
  return { shape, dtype: "float32", data };
}

/** Whole numbers below a limit. */
function integers(shape: Shape, limit: number): Tensor & TensorSpec {
  const data = Int32Array.from(numbers(shape).data, (value) => Math.floor(((value + 1) / 2) * limit));
  return { shape, dtype: "int32", data };
}

/** Images turned, scaled and shifted, differently each. */
function warped(channels: number, interpolation: "nearest" | "bilinear"): Case {
  const images = [20, 37, 41, channels] as const;
  const data = Int32Array.from({ length: 20 * 6 }, (_, index) => {
    const [n, place] = [Math.floor(index / 6), index % 6];
    return [900 - 40 * n, 60 * n - 500, 3000 * n - 20_000, 500 - 60 * n, 1100, 9000 - 2500 * n][place]!;
  });
  const attributes = { size: [39, 43], interpolation, fillMode: "reflect", fillValue: 0, fractionBits: 10 } as const;
  const transforms = { shape: [20, 6], dtype: "int32", data } as const;
  return one("warp2d", `${channels} channels, ${interpolation}`, attributes, numbers(images), transforms);
}

interface Case<N extends KernelName = KernelName> {
  readonly op: N;
  readonly what: string;
  readonly inputs: readonly (Tensor & TensorSpec)[];
  readonly attributes: OpAttributes[N];
}

const one = <N extends KernelName>(
  op: N,
  what: string,
  attributes: OpAttributes[N],
  ...inputs: (Tensor & TensorSpec)[]
): Case => ({ op, what, inputs, attributes }) as Case;

/** A depthwise op's attributes. */
const window = (stride: number, dilation = 1, padding = 1) => ({
  strides: [stride, stride] as const,
  padding: [padding, padding, padding, padding] as const,
  dilation: [dilation, dilation] as const,
});

const norm = { epsilon: 1e-3, scale: true, center: true };
const positive = (shape: Shape) => numbers(shape, 2);
const c = (channels: number): Shape => [channels];

/** Shapes that take many blocks, several rounds of a grid, or a kernel for large ones only. */
function cases(): Case[] {
  const rows = (channels: number) => numbers([2600, channels]);
  const far = numbers([3000, 5], 1000);
  const group = [2, 23, 29, 12] as const;
  const statistics = [2, 3] as const;
  const kernel = numbers([3, 3, 40, 1]);
  return [
    ...[1, 31, 33, 100].flatMap((channels) => [
      one("batchNorm", `${channels} channels`, norm, rows(channels), numbers(c(channels)), numbers(c(channels))),
      one(
        "batchNormBackwardSums",
        `${channels} channels`,
        { epsilon: 1e-3 },
        rows(channels),
        rows(channels),
        numbers(c(channels)),
        positive(c(channels)),
      ),
    ]),
    one("batchNorm", "around 1000", norm, far, numbers(c(5)), numbers(c(5))),
    one("groupNorm", "groups of a block each", { ...norm, groups: 3 }, numbers(group), numbers(c(12)), numbers(c(12))),
    one("groupNorm", "a row a block", { ...norm, groups: 1 }, numbers([5, 1500]), numbers(c(1500)), numbers(c(1500))),
    one(
      "groupNormBackwardInput",
      "groups of a block each",
      { groups: 3, epsilon: 1e-3, scale: true },
      numbers(group),
      numbers(group),
      numbers(statistics),
      positive(statistics),
      numbers(c(12)),
    ),
    one(
      "groupNormBackwardSums",
      "many rows",
      { groups: 3, epsilon: 1e-3 },
      numbers(group),
      numbers(group),
      numbers(statistics),
      positive(statistics),
    ),
    one("concat", "nineteen inputs", { axis: 1 }, ...Array.from({ length: 19 }, (_, i) => numbers([7, i + 1, 3]))),
    one("transpose", "several tiles a block", { permutation: [0, 2, 1] }, numbers([9, 70, 45])),
    one("depthwiseConv2d", "40 channels", window(1), numbers([4, 15, 14, 40]), kernel),
    one("depthwiseConv2d", "stride 2, M 2", window(2), numbers([4, 15, 14, 20]), numbers([3, 3, 20, 2])),
    one("depthwiseConv2d", "5x5, stride 2", window(2, 1, 2), numbers([2, 15, 14, 9]), numbers([5, 5, 9, 1])),
    one("depthwiseConv2d", "dilated", window(1, 2, 2), numbers([4, 15, 14, 40]), kernel),
    ...(
      [
        ["3x3", 3, 1, 1, 1],
        ["3x3, stride 2", 3, 2, 1, 1],
        ["5x5", 5, 1, 1, 2],
        ["5x5, stride 2", 5, 2, 1, 2],
        ["dilated", 3, 1, 2, 2],
      ] as const
    ).flatMap(([what, size, stride, dilation, padding]) => {
      const kernelShape = [size, size, 40, 1] as const;
      const inputShape = [4, 24, 22, 40] as const;
      const gradient = numbers([4, 24 / stride, 22 / stride, 40]);
      const attributes = window(stride, dilation, padding);
      return [
        one("depthwiseConv2dBackwardFilter", what, { ...attributes, kernelShape }, numbers(inputShape), gradient),
        one("depthwiseConv2dBackwardInput", what, { ...attributes, inputShape }, gradient, numbers(kernelShape)),
      ];
    }),
    ...[1, 3, 5].flatMap((channels) => [warped(channels, "nearest"), warped(channels, "bilinear")]),
    one("adjustHsv", "many pixels", { low: -1, high: 1 }, numbers([5, 61, 59, 3]), positive([5, 2])),
    one("scaleChannels", "many numbers", { low: -1, high: 1 }, numbers([5, 61, 59, 3]), numbers([5, 6])),
    one("filterAxis", "many numbers", { axis: 2 }, numbers([3, 61, 59, 2]), numbers([3, 7])),
    one("mixRows", "many numbers", {}, numbers([50, 300]), integers([50], 50), positive([50])),
    one("weightedMean", "many rows", {}, numbers([70, 900]), positive([70])),
    one("penalty", "many parameters", { l1: 0.1, l2: 0.2, scale: 3 }, numbers([70_000])),
  ];
}

describe.skipIf(library === undefined)(`ops over many blocks on the emulator${note}`, () => {
  let expected: Backend;
  let actual: Backend;
  beforeAll(async () => {
    setEmulator(library!, { multiprocessors: 6 });
    expected = await reference();
    actual = await cuda({ library: library! });
  });
  afterAll(async () => {
    await actual.dispose();
    await expected.dispose();
    expect(countsOf(library!).reports).toBe(0);
  });

  for (const { op, what, inputs, attributes } of cases()) {
    it(`${op}: ${what}`, async () => {
      const result = await runOp(actual, op, inputs, attributes);
      const difference = relativeDifference(result, await runOp(expected, op, inputs, attributes));
      // A mean near 1000 is rounded by 3e-5.
      expect(difference).toBeLessThan(what === "around 1000" ? 1e-4 : 3e-6);
      // The order of threads and blocks, and how many run at a time, must not change a bit.
      setEmulator(library!, { order: 9, workers: 2 });
      expect(await runOp(actual, op, inputs, attributes)).toEqual(result);
      setEmulator(library!, { order: 2, workers: 1 });
    });
  }
});
