import type { Shape } from "@convoy/core/backend";
import { describe, expect, it } from "vitest";
import type { DeviceOp, DeviceTensor, LaunchContext } from "../kernels/opKernel.js";
import { planLaunches } from "./planLaunches.js";

const context: LaunchContext = {
  inGroup: false,
  multiprocessors: 132,
  precision: "float32",
  stepTable: 1,
  stepState: 2,
  scratch: () => 3,
  stepEnd: () => ({
    state: 2,
    results: undefined,
    reported: undefined,
    counter: undefined,
    count: 0,
    ends: 1,
  }),
};

let ids = 0;
const tensor = (address: number, shape: Shape, dtype: DeviceTensor["dtype"] = "float32"): DeviceTensor => ({
  id: ids++,
  address,
  shape,
  dtype,
});
const op = (name: string, inputs: DeviceTensor[], outputs: DeviceTensor[], rest: Partial<DeviceOp> = {}): DeviceOp => ({
  op: name as DeviceOp["op"],
  attributes: {},
  inputs,
  outputs,
  updates: [],
  label: name,
  ...rest,
});

/** Four rows of a data set of nine, as a batch at this address. */
function gather(to: number, row: Shape = [2, 3], from = tensor(10_000, [9, ...row])): DeviceOp {
  const attributes = { batchSize: 4, dtype: "float32", scale: 1 };
  return op("gatherRows", [from], [tensor(to, [4, ...row])], { attributes });
}

/** The same, scaled on the way; with `warped` resampled as well, by transforms at this address. */
function fusedGather(to: number, warped?: number): DeviceOp {
  const { attributes, inputs } = gather(0, [2, 3, 1]);
  const [gathered, scaled, output] = [0, warped === undefined ? to : 0, to].map((at) => tensor(at, [4, 2, 3, 1]));
  const parts = [
    op("gatherRows", [...inputs], [gathered!], { attributes }),
    op("affine", [gathered!], [scaled!], { attributes: { scale: 2, offset: 1 } }),
  ];
  if (warped === undefined) {
    return op("fusedGatherRows", [...inputs], [scaled!], { parts });
  }
  const transforms = tensor(warped, [4, 6], "int32");
  const warp = { size: [2, 3], interpolation: "bilinear", fillMode: "wrap", fillValue: 0, fractionBits: 9 };
  const last = op("warp2d", [scaled!, transforms], [output!], { attributes: warp });
  return op("fusedGatherRows", [...inputs, transforms], [output!], { parts: [...parts, last] });
}

/** A dense layer; `kernel` and `bias` lie elsewhere unless they are given. */
function dense(input: DeviceTensor, { kernel, bias }: { kernel?: DeviceTensor; bias?: DeviceTensor } = {}): DeviceOp {
  const [N, C] = input.shape as [number, number];
  const product = tensor(0, [N, 5]);
  const output = tensor(20_000, [N, 5]);
  const matrix = kernel ?? tensor(30_000, [C, 5]);
  const added = bias ?? tensor(40_000, [5]);
  const attributes = { transposeA: false, transposeB: false };
  const parts = [op("matMul", [input, matrix], [product], { attributes }), op("biasAdd", [product, added], [output])];
  return op("fusedDense", [input, matrix, added], [output], { parts });
}

function conv2d(input: DeviceTensor, filters = 5): DeviceOp {
  const [N, H, W, C] = input.shape as [number, number, number, number];
  const attributes = { strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] };
  const kernel = tensor(30_000, [1, 1, C, filters]);
  return op("conv2d", [input, kernel], [tensor(20_000, [N, H, W, filters])], { attributes });
}

/** A convolution with what is added to its output. */
function conv2dPlus(input: DeviceTensor, addend: DeviceTensor): DeviceOp {
  const { attributes, inputs, outputs } = conv2d(input, input.shape[3]!);
  const convolved = tensor(0, outputs[0]!.shape);
  const parts = [op("conv2d", [...inputs], [convolved], { attributes }), op("add", [convolved, addend], [...outputs])];
  return op("fusedConv2d", [...new Set([...inputs, addend])], [...outputs], { parts });
}

const kernels = (...ops: DeviceOp[]): string[] => planLaunches(ops, [], context).map(({ kernel }) => kernel);
const together = [expect.stringMatching(/^gatherConv2d/), "finishStep"];
const apart = ["gatherRows", expect.stringMatching(/^conv2d/), "finishStep"];

function batchPlusItself(): DeviceOp {
  const batch = tensor(1000, [4, 2, 3, 1]);
  return conv2dPlus(batch, batch);
}

describe("a layer behind a gather", () => {
  it.each([
    ["dense over the same rows", dense(tensor(1000, [4, 6]))],
    ["conv2d over the same shape", conv2d(tensor(1000, [4, 2, 3, 1]))],
    ["conv2d over rows of another shape", conv2d(tensor(1000, [4, 1, 1, 6]))],
    ["conv2d with something else added", conv2dPlus(tensor(1000, [4, 2, 3, 1]), tensor(50_000, [4, 2, 3, 1]))],
  ])("gathers: %s", (_, layer) => {
    expect(kernels(gather(1000), layer)).toEqual(together);
  });

  it.each([
    ["dense over parts of rows", dense(tensor(1000, [8, 3]))],
    ["dense over several rows at once", dense(tensor(1000, [2, 12]))],
    ["conv2d over parts of rows", conv2d(tensor(1000, [8, 1, 3, 1]))],
    ["conv2d over several rows at once", conv2d(tensor(1000, [1, 4, 6, 1]))],
    ["a part of the batch", dense(tensor(1000, [2, 6]))],
    ["as many rows, shorter ones", dense(tensor(1000, [4, 3]))],
    ["from the middle of the batch on", dense(tensor(1000 + 2 * 6 * 4, [2, 6]))],
    ["a tensor that begins before the batch", dense(tensor(1000 - 4 * 4, [4, 6]))],
    ["the batch as its kernel as well", dense(tensor(1000, [4, 6]), { kernel: tensor(1000, [6, 4]) })],
    ["the batch as its bias as well", dense(tensor(1000, [4, 6]), { bias: tensor(1000, [5]) })],
    ["other memory", dense(tensor(5000, [4, 6]))],
    ["the batch as what is added as well", batchPlusItself()],
  ])("does not gather: %s", (_, layer) => {
    expect(kernels(gather(1000), layer)).toEqual(apart);
  });
});

describe("gathers that follow each other", () => {
  it("share a launch where they touch different memory", () => {
    expect(kernels(gather(1000), gather(2000))).toEqual(["gatherRows", "finishStep"]);
  });

  it.each([
    ["write to the same place", gather(1000), gather(1040)],
    ["one reads what the other one gives", gather(1000), gather(2000, [2], tensor(1000, [9, 2]))],
    ["one overwrites what the other one reads", gather(1000), gather(10_100)],
  ])("do not where %s", (_, first, second) => {
    expect(kernels(first, second)).toEqual(["gatherRows", "gatherRows", "finishStep"]);
  });
});

describe("a gather that scales", () => {
  it("shares a launch with others", () => {
    expect(kernels(gather(1000), fusedGather(2000))).toEqual(["gatherRows", "finishStep"]);
  });

  it("is done by the layer behind it", () => {
    expect(kernels(fusedGather(1000), conv2d(tensor(1000, [4, 2, 3, 1])))).toEqual(together);
  });

  it("has a launch of its own where it resamples", () => {
    const transforms = gather(2000, [6], tensor(10_000, [9, 6], "int32"));
    const resampled = fusedGather(1000, 2000);
    expect(kernels(transforms, resampled, conv2d(tensor(1000, [4, 2, 3, 1])))).toEqual([
      "gatherRows",
      "warpNumbers1",
      expect.stringMatching(/^conv2d/),
      "finishStep",
    ]);
  });
});

describe("moving averages that follow each other", () => {
  const average = (state: number, value: number): DeviceOp => {
    const updated = tensor(state, [8]);
    const attributes = { momentum: 0.9 };
    return op("movingAverage", [updated, tensor(value, [8])], [], { attributes, updates: [updated] });
  };

  it("share a launch, up to four of them", () => {
    expect(kernels(average(1000, 2000), average(3000, 4000))).toEqual(["movingAverage", "finishStep"]);
    const five = [1, 2, 3, 4, 5].map((i) => average(i * 1000, i * 1000 + 500));
    expect(kernels(...five)).toEqual(["movingAverage", "movingAverage", "finishStep"]);
  });

  it.each([
    ["update the same state", average(1000, 2000), average(1000, 3000)],
    ["one averages the other one's state", average(1000, 2000), average(3000, 1000)],
    ["one updates what the other one averages", average(1000, 2000), average(2000, 3000)],
  ])("do not where %s", (_, first, second) => {
    expect(kernels(first, second)).toEqual(["movingAverage", "movingAverage", "finishStep"]);
  });
});

describe("sums over cards", () => {
  const inGroup = { ...context, inGroup: true };
  const sum = (address: number) =>
    op("allReduce", [tensor(address, [8])], [tensor(address, [8])], { attributes: { weight: 1 } });
  const relu = (from: number, to: number) =>
    op("unary", [tensor(from, [8])], [tensor(to, [8])], { attributes: { function: "relu", alpha: 0 } });
  const waits = (ops: DeviceOp[]) =>
    planLaunches(ops, [], inGroup).map(({ kernel, afterSums = 0 }) => [kernel, afterSums]);

  it("are under way until something touches their memory, or the step ends", () => {
    const kernels = waits([sum(100), relu(1000, 2000), sum(200), sum(300), relu(2000, 104), relu(228, 3000)]);
    expect(kernels.map(([, sums]) => sums)).toEqual([0, 0, 0, 0, 1, 2, 3]);
  });

  it("are all there before the optimizer that ends the step", () => {
    const update = op("sgdUpdate", [tensor(5000, [8]), tensor(100, [8])], [], {
      updates: [tensor(5000, [8])],
      attributes: { momentum: 0, nesterov: false },
    });
    expect(waits([sum(100), sum(9000), update]).at(-1)![1]).toBe(2);
  });
});
