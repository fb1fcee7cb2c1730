import { attributesOf, type OpAttributes } from "@convoy/core/backend";
import type { SharedArguments } from "../program/kernelLayout.js";
import { type Launch, launch } from "../program/launch.js";
import type { Operand, WasmOp } from "../program/opWriter.js";
import { type Convolution, tapRuns } from "./paddedBand.js";
import { unaryArguments } from "./unary.js";

/** What the gradient of a convolution's output is computed from. */
export interface OutputGradient {
  /** The gradient behind pooling and function; that of the convolution's output itself where there are neither. */
  readonly dy: Operand;
  /** unaryBackward */
  readonly activation: WasmOp | undefined;
  /** maxPool2dBackward */
  readonly pooling: WasmOp | undefined;
}

/** The kernel gradient in three stages. */
export interface FilterLaunches {
  readonly before: readonly Launch[];
  readonly main: Launch;
  readonly finish: readonly Launch[];
  /** Whether the input's gradient is among what they make. */
  readonly makesInput: boolean;
}

/**
 * How much of the gradient of a convolution's output is not 0, as far as the plan tells: one number under each window of a
 * pooling, and half of them behind relu.
 */
export function densityOf({ OH, OW }: Convolution, { dy, activation }: OutputGradient): number {
  const [, GH, GW] = dy.shape as [number, number, number];
  const relu = activation !== undefined && attributesOf("unaryBackward", activation).function === "relu";
  return (Math.min(1, (GH * GW) / (OH * OW)) * (relu ? 1 : 2)) / 2;
}

type Pooling = Pick<OpAttributes["maxPool2d"], "poolSize" | "strides" | "padding" | "dilation">;

const noPooling: Pooling = { poolSize: [1, 1], strides: [1, 1], padding: [0, 0, 0, 0], dilation: [1, 1] };

/** The arguments by which kernels read an output gradient. */
export function outputGradientArguments(
  shape: Convolution,
  { dy, activation, pooling }: OutputGradient,
): SharedArguments<"outputGradient"> {
  const [, GH, GW] = dy.shape as [number, number, number];
  const { poolSize, strides, padding, dilation } = pooling ? attributesOf("maxPool2d", pooling) : noPooling;
  return {
    ...shape,
    dy: dy.address,
    y: activation?.inputs[1]?.address ?? 0,
    argmax: pooling?.inputs[1]?.address ?? 0,
    ...unaryArguments(activation),
    GH,
    GW,
    PH: poolSize[0],
    PW: poolSize[1],
    poolStrideH: strides[0],
    poolStrideW: strides[1],
    poolTop: padding[0],
    poolLeft: padding[2],
    poolDilationH: dilation[0],
    poolDilationW: dilation[1],
  };
}

/** The kernel [KH,KW,C,F] as one filter after the other, at `filters`. */
export function packFilters(shape: Convolution, kernel: Operand, filters: number): Launch {
  const { run, runPadded, runs } = tapRuns(shape);
  const { F } = shape;
  const args = { kernel: kernel.address, filters, F, rows: shape.KH * runs, run, runPadded };
  return launch("packFilters", Math.ceil(F / 4), args);
}
