import { windowGeometry } from "../../backend/index.js";
import type { Shape } from "../../ops/definition.js";
import type { OpAttributes } from "../../ops/index.js";
import type { TensorData } from "../../tensor.js";
import { type ComparisonTolerance, largestFinite } from "./compareTensors.js";

/** A tensor with its numbers. */
interface Filled {
  readonly shape: Shape;
  readonly data: TensorData;
}

/**
 * Where a pooling is fused with what it pools, two backends round its input differently and may take different ones of nearly
 * equal elements. Tells whether an argmax of B points at an element that is as large as the maximum, within the tolerance.
 */
export function isPoolingTie(
  input: Filled,
  output: Filled,
  attributes: OpAttributes["maxPool2d"],
  { relative, absolute }: Required<ComparisonTolerance>,
): (index: number, argmax: number) => boolean {
  const { H, W, C, KH, KW, OH, OW, ...window } = windowGeometry(
    input.shape,
    attributes.poolSize,
    output.shape,
    attributes,
  );
  const largest = largestFinite(output.data);
  return (index, argmax) => {
    const c = index % C;
    const ow = Math.floor(index / C) % OW;
    const oh = Math.floor(index / C / OW) % OH;
    const n = Math.floor(index / C / OW / OH);
    const h = oh * window.strideH - window.top + Math.floor(argmax / KW) * window.dilationH;
    const w = ow * window.strideW - window.left + (argmax % KW) * window.dilationW;
    if (argmax < 0 || argmax >= KH * KW || h < 0 || h >= H || w < 0 || w >= W) {
      return false;
    }
    const maximum = output.data[index]!;
    const allowed = absolute * largest + relative * Math.abs(maximum);
    return maximum - input.data[((n * H + h) * W + w) * C + c]! <= allowed;
  };
}
