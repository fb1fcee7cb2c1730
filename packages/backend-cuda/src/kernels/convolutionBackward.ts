import type { OpAttributes, OpInstance, TensorSpec } from "@convoy/core/backend";
import { packQuadratics, quadraticsOf } from "./activation.js";
import { Arguments } from "./arguments.js";
import { poolingFits } from "./convolution.js";
import {
  type ConvolutionShape,
  convolutionShape,
  denseShape,
  packConvolutionShape,
  patchLength,
  positionsOf,
} from "./convolutionShape.js";
import type { Launch } from "./launch.js";
import {
  attributesOf,
  type BoundTensor,
  type LaunchContext,
  type OpKernel,
  partOf,
  suffixOf,
  type Target,
} from "./op.js";
import { type TileName, tileFor, tileGrid } from "./tiles.js";

/** Everything a backward launch may work on. `T` has addresses once the op is bound. */
interface Backward<T extends TensorSpec = TensorSpec> {
  readonly shape: ConvolutionShape;
  /** Gradient of what the forward op gave, behind activation and pooling. */
  readonly gradient: T;
  readonly unary?: OpAttributes["unary"] | undefined;
  /** What the forward op gave; with an activation only. */
  readonly output?: T | undefined;
  readonly argmax?: T | undefined;
  readonly input?: T | undefined;
  readonly kernel?: T | undefined;
  readonly inputGradient?: T | undefined;
  readonly kernelGradient?: T | undefined;
  readonly biasGradient?: T | undefined;
}

/** An op whose tensors are of type `T`. */
interface OpOver<T extends TensorSpec> extends OpInstance {
  readonly inputs: readonly T[];
  readonly outputs: readonly T[];
  readonly parts?: readonly OpOver<T>[];
}

export const conv2dBackwardInput: OpKernel = backwardKernel(inputOf);

export const conv2dBackwardFilter: OpKernel = backwardKernel(filterOf);

export const fusedConv2dBackward: OpKernel = backwardKernel(convolutionOf, (op) => {
  const pool = partOf(op, "maxPool2dBackward");
  const fits = pool ? poolingFits(attributesOf("maxPool2dBackward", pool), pool.inputs[0]!.shape) : true;
  return fits === true ? activationFits(op) : fits;
});

export const fusedDenseBackward: OpKernel = backwardKernel(denseOf, (op) => {
  const products = op.parts!.filter((part) => part.op === "matMul");
  const kinds = products.map(kindOfProduct);
  return kinds.includes("other") || new Set(kinds).size < kinds.length
    ? "the fused dense gradient has one product with the kernel transposed and one with the input transposed"
    : activationFits(op);
});

function backwardKernel(
  read: <T extends TensorSpec>(op: OpOver<T>) => Backward<T>,
  supports?: (op: OpInstance) => true | string,
): OpKernel {
  return {
    ...(supports ? { supports } : {}),
    workspaceBytes(op, target) {
      const { splits, parameterRows, shape } = geometryOf(read(op), target);
      return splits > 1 ? splits * parameterRows * shape.F * 4 : 0;
    },
    launches: (op, context) => [backwardLaunch(read<BoundTensor>(op), op.workspace, context)],
  };
}

function inputOf<T extends TensorSpec>(op: OpOver<T>): Backward<T> {
  const [gradient, kernel] = op.inputs as readonly [T, T];
  const attributes = attributesOf("conv2dBackwardInput", op);
  const shape = convolutionShape(attributes.inputShape, kernel.shape, gradient.shape, attributes, false);
  return { shape, gradient, kernel, inputGradient: op.outputs[0]! };
}

function filterOf<T extends TensorSpec>(op: OpOver<T>): Backward<T> {
  const [input, gradient] = op.inputs as readonly [T, T];
  const attributes = attributesOf("conv2dBackwardFilter", op);
  const shape = convolutionShape(input.shape, attributes.kernelShape, gradient.shape, attributes, false);
  return { shape, gradient, input, kernelGradient: op.outputs[0]! };
}

function convolutionOf<T extends TensorSpec>(op: OpOver<T>): Backward<T> {
  const pool = partOf(op, "maxPool2dBackward");
  const filter = partOf(op, "conv2dBackwardFilter")!;
  const data = partOf(op, "conv2dBackwardInput");
  const base = filterOf(filter);
  return {
    ...base,
    ...chainOf(op, pool?.inputs[0] ?? base.gradient),
    shape: { ...base.shape, pooled: pool !== undefined },
    argmax: pool?.inputs[1],
    kernel: data?.inputs[1],
    inputGradient: data?.outputs[0],
  };
}

function denseOf<T extends TensorSpec>(op: OpOver<T>): Backward<T> {
  const products = op.parts!.filter((part) => part.op === "matMul");
  const data = products.find((part) => kindOfProduct(part) === "input");
  const filter = products.find((part) => kindOfProduct(part) === "kernel");
  const gradient = (data?.inputs[0] ?? filter?.inputs[1])!;
  const [N, F] = gradient.shape as [number, number];
  const C = data ? data.inputs[1]!.shape[0]! : filter!.inputs[0]!.shape[1]!;
  return {
    ...chainOf(op, gradient),
    shape: denseShape(N, C, F),
    input: filter?.inputs[0],
    kernel: data?.inputs[1],
    inputGradient: data?.outputs[0],
    kernelGradient: filter?.outputs[0],
  };
}

/** What activation and bias add: where the gradient comes from, and what goes with it. */
function chainOf<T extends TensorSpec>(
  op: OpOver<T>,
  inner: T,
): Pick<Backward<T>, "gradient" | "unary" | "output" | "biasGradient"> {
  const unary = partOf(op, "unaryBackward");
  return {
    gradient: unary?.inputs[0] ?? inner,
    unary: unary && attributesOf("unaryBackward", unary),
    output: unary?.inputs[1],
    biasGradient: partOf(op, "biasAddBackward")?.outputs[0],
  };
}

/** dx = dy kernel^T, dk = x^T dy. */
function kindOfProduct(part: OpInstance): "input" | "kernel" | "other" {
  const { transposeA, transposeB } = attributesOf("matMul", part);
  return transposeB && !transposeA ? "input" : transposeA && !transposeB ? "kernel" : "other";
}

function activationFits(op: OpInstance): true | string {
  const unary = partOf(op, "unaryBackward");
  const attributes = unary && attributesOf("unaryBackward", unary);
  return quadraticsOf(attributes) !== undefined || `the fused gradients have no ${attributes!.function}`;
}

/** How a launch is divided into blocks. */
interface Geometry {
  readonly shape: ConvolutionShape;
  readonly inputTile: TileName;
  readonly inputGrid: readonly [number, number];
  readonly kernelTile: TileName;
  readonly kernelGrid: readonly [number, number];
  /** Rows of the kernel's gradient; 0 where it is not wanted. */
  readonly kernelRows: number;
  /** Those and, with a bias, one more. */
  readonly parameterRows: number;
  readonly splits: number;
  readonly splitLength: number;
}

/** What a slice of all groups of any tile takes: splits are multiples of it. */
const splitUnit = 64;
/** Splits shorter than this cost more to add up than they save. */
const leastSplitLength = 256;
const mostSplits = 128;

function geometryOf(backward: Backward, { multiprocessors }: Target): Geometry {
  const { shape, inputGradient, kernelGradient, biasGradient } = backward;
  const inputRows = shape.N * shape.H * shape.W;
  const positions = positionsOf(shape);
  const kernelRows = kernelGradient ? patchLength(shape) : 0;
  const parameterRows = kernelRows + (biasGradient ? 1 : 0);
  const wantsInput = inputGradient !== undefined;
  const wantsParameters = parameterRows > 0;

  const inputTile = wantsInput ? tileFor(inputRows, shape.C, multiprocessors) : "Small";
  const [largeDown, largeAcross] = tileGrid("Large", parameterRows, shape.F);
  const fillsLarge =
    parameterRows >= 64 && shape.F > 32 && largeDown * largeAcross * Math.ceil(positions / 1024) >= multiprocessors;
  // Both in large tiles or both in small ones: a launch is as slow as its slower half.
  const large = wantsInput ? inputTile !== "Small" && (fillsLarge || !wantsParameters) : fillsLarge;
  const tiles = large
    ? { inputTile: inputTile === "Tall" ? ("Tall" as const) : ("Large" as const), kernelTile: "Large" as const }
    : { inputTile: "Small" as const, kernelTile: "Small" as const };

  const inputGrid = wantsInput ? tileGrid(tiles.inputTile, inputRows, shape.C) : ([0, 0] as const);
  const kernelGrid = wantsParameters ? tileGrid(tiles.kernelTile, parameterRows, shape.F) : ([0, 0] as const);
  const kernelTiles = kernelGrid[0] * kernelGrid[1];
  const wanted = Math.ceil((2 * multiprocessors) / Math.max(1, kernelTiles));
  const most = Math.min(mostSplits, Math.ceil(positions / leastSplitLength));
  const perSplit = Math.ceil(positions / Math.max(1, Math.min(wanted, most)));
  const splitLength = Math.ceil(perSplit / splitUnit) * splitUnit;
  const splits = wantsParameters ? Math.ceil(positions / splitLength) : 1;
  return { shape, ...tiles, inputGrid, kernelGrid, kernelRows, parameterRows, splits, splitLength };
}

function backwardLaunch(backward: Backward<BoundTensor>, workspace: number, context: LaunchContext): Launch {
  const geometry = geometryOf(backward, context);
  const { shape, inputGrid, kernelGrid, splits, splitLength } = geometry;
  const kernelTiles = kernelGrid[0] * kernelGrid[1];
  const address = (tensor: BoundTensor | undefined): number => tensor?.address ?? 0;
  return {
    kernel:
      `conv2dBackward${shape.pooled ? "Unpool" : ""}` +
      `${geometry.inputTile}${geometry.kernelTile}${suffixOf(context)}`,
    grid: [inputGrid[0] * inputGrid[1] + kernelTiles * splits, 1],
    arguments: new Arguments()
      .pointer(address(backward.input))
      .pointer(address(backward.kernel))
      .pointer(address(backward.gradient))
      .pointer(address(backward.output))
      .pointer(address(backward.argmax))
      .pointer(address(backward.inputGradient))
      .pointer(address(backward.kernelGradient))
      .pointer(address(backward.biasGradient))
      .pointer(splits > 1 ? workspace : 0)
      .pointer(splits > 1 ? context.scratch(kernelTiles * 4) : 0)
      .struct((to) => packConvolutionShape(to, shape))
      .struct((to) => packQuadratics(to, backward.unary))
      .int(...inputGrid, ...kernelGrid, splits, splitLength, geometry.kernelRows, geometry.parameterRows),
  };
}
