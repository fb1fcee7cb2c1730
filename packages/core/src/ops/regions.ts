import { ShapeError } from "../errors.js";
import { expectDType, expectRank, expectSameShape, lastAxis } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";
import { notDifferentiable } from "./notDifferentiable.js";

export interface FillBoxesAttributes {
  /** One number a channel; not looked at where there is a tensor to fill from. */
  readonly values: readonly number[];
}

/**
 * y[n,h,w,c] = fill[n,h,w,c] where top <= h < bottom and left <= w < right of boxes[n] = (top, left, bottom, right), else x[n,h,w,c].
 * Without a tensor `fill` it is values[c]. Boxes may be empty and reach beyond the image.
 */
export const fillBoxes: OpDefinition<FillBoxesAttributes> = {
  summary: "fills a box of each image: input [N,H,W,C], boxes [N,4] int32, fill [N,H,W,C] -> [N,H,W,C]",
  inputs: ["input", "boxes", "fill"],
  optionalInputs: 1,
  outputs: ["output"],
  inferOutputs([input, boxes, fill], { values }) {
    expectRank("fillBoxes: input", input!, 4);
    expectDType("fillBoxes: boxes", boxes!, "int32");
    expectSameShape("fillBoxes: boxes", boxes!.shape, [input!.shape[0]!, 4]);
    if (fill !== undefined) {
      expectSameShape("fillBoxes: fill", fill.shape, input!.shape);
    } else if (values.length !== lastAxis(input!.shape)) {
      throw new ShapeError(`fillBoxes: ${values.length} values for ${lastAxis(input!.shape)} channels`);
    }
    return [float32(input!.shape)];
  },
  gradient: notDifferentiable,
  flops: () => 0,
};

/**
 * y[n] = w[n] x[n] + (1 - w[n]) x[p[n]], p the partners: rows of the batch from 0 to N - 1. Without weights y[n] = x[p[n]]. The output
 * is never written over the input.
 */
export const mixRows: OpDefinition<Record<never, never>> = {
  summary: "mixes each row with another: input [N,...], partners [N] int32, weights [N] -> [N,...]",
  inputs: ["input", "partners", "weights"],
  optionalInputs: 1,
  outputs: ["output"],
  inferOutputs([input, partners, weights]) {
    const batch = [input!.shape[0]!];
    expectDType("mixRows: input", input!, "float32");
    expectDType("mixRows: partners", partners!, "int32");
    expectSameShape("mixRows: partners", partners!.shape, batch);
    if (weights !== undefined) {
      expectSameShape("mixRows: weights", weights.shape, batch);
    }
    return [float32(input!.shape)];
  },
  gradient: notDifferentiable,
  flops: ([input, , weights]) => (weights === undefined ? 0 : 3 * sizeOf(input!.shape)),
};

export interface FilterAxisAttributes {
  /** 1 along the height, 2 along the width. */
  readonly axis: 1 | 2;
}

/**
 * Along the height y[n,h,w,c] = sum over k of kernels[n,k] x[n, h + k - (K - 1) / 2, w, c], along the width alike; 0 beyond the
 * edges. K is odd.
 */
export const filterAxis: OpDefinition<FilterAxisAttributes> = {
  summary: "filters each image along an axis by a kernel of its own: input [N,H,W,C], kernels [N,K] -> [N,H,W,C]",
  inputs: ["input", "kernels"],
  outputs: ["output"],
  inferOutputs([input, kernels]) {
    expectRank("filterAxis: input", input!, 4);
    const size = lastAxis(kernels!.shape);
    expectSameShape("filterAxis: kernels", kernels!.shape, [input!.shape[0]!, size]);
    if (size % 2 === 0) {
      throw new ShapeError(`filterAxis: kernels have ${size} numbers, expected an odd number`);
    }
    return [float32(input!.shape)];
  },
  gradient: notDifferentiable,
  flops: ([input, kernels]) => 2 * lastAxis(kernels!.shape) * sizeOf(input!.shape),
};
