import { layers, type SymbolicTensor } from "@convoy/core";
import type { NodeReader } from "./nodeReader.js";

type Pair = readonly [number, number];

/** A window over rows and columns as a node says it. */
export interface Window {
  readonly size: Pair;
  readonly strides: Pair;
  readonly dilation: Pair;
  /** Rows and columns around the image. */
  readonly pads: Sides;
}

export interface Sides {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

function pair(node: NodeReader, name: string, standard: Pair): Pair {
  const values = node.integers(name, standard) as Pair;
  if (values.some((value) => value < 1)) {
    throw node.error(`attribute ${name} is [${values}], expected numbers of at least 1`);
  }
  return values;
}

/** The window of a convolution or pooling over images [H,W,C]. */
export function windowOf(node: NodeReader, image: SymbolicTensor, size: Pair): Window {
  const [strides, dilation] = [pair(node, "strides", [1, 1]), pair(node, "dilations", [1, 1])];
  const [top, left, bottom, right] = node.integers("pads", [0, 0, 0, 0]) as [number, number, number, number];
  const automatic = node.text("auto_pad", "NOTSET");
  const lengths = image.shape.slice(0, 2) as [number, number];
  const extent = size.map((length, axis) => (length - 1) * dilation[axis]! + 1);
  let pads: Sides = { top, left, bottom, right };
  if (automatic === "VALID") {
    pads = { top: 0, left: 0, bottom: 0, right: 0 };
  } else if (automatic === "SAME_UPPER" || automatic === "SAME_LOWER") {
    const total = lengths.map((length, axis) => samePadding(length, extent[axis]!, strides[axis]!));
    const first = total.map((sum) => (automatic === "SAME_UPPER" ? Math.floor(sum / 2) : Math.ceil(sum / 2)));
    pads = { top: first[0]!, left: first[1]!, bottom: total[0]! - first[0]!, right: total[1]! - first[1]! };
  } else if (automatic !== "NOTSET") {
    throw node.error(`attribute auto_pad is "${automatic}", expected NOTSET, VALID, SAME_UPPER or SAME_LOWER`);
  }
  if (node.integer("ceil_mode", 0) === 1) {
    pads = {
      ...pads,
      bottom: roundedUp(lengths[0], pads.top, pads.bottom, extent[0]!, strides[0]),
      right: roundedUp(lengths[1], pads.left, pads.right, extent[1]!, strides[1]),
    };
  }
  if (Object.values(pads).some((count) => !Number.isInteger(count) || count < 0)) {
    throw node.error(`attribute pads is [${Object.values(pads)}], expected numbers of at least 0`);
  }
  return { size, strides, dilation, pads };
}

/** What TensorFlow adds for "same". */
function samePadding(length: number, extent: number, stride: number): number {
  return Math.max(0, (Math.ceil(length / stride) - 1) * stride + extent - length);
}

/** Padding at the end with which the last window is whole, unless it would begin behind the image. */
function roundedUp(length: number, before: number, after: number, extent: number, stride: number): number {
  const outputs = Math.ceil((length + before + after - extent) / stride) + 1;
  const begins = (outputs - 1) * stride;
  const kept = begins >= length + before ? outputs - 1 : outputs;
  return Math.max(after, (kept - 1) * stride + extent - length - before);
}

/** Whether the window has no padding, that of Keras' "same", or another. */
export function paddingName(
  image: SymbolicTensor,
  { size, strides, dilation, pads }: Window,
): "valid" | "same" | undefined {
  if (Object.values(pads).every((count) => count === 0)) {
    return "valid";
  }
  const same = ([0, 1] as const).every((axis) => {
    const extent = (size[axis] - 1) * dilation[axis] + 1;
    const total = samePadding(image.shape[axis]!, extent, strides[axis]);
    const [before, after] = axis === 0 ? [pads.top, pads.bottom] : [pads.left, pads.right];
    return before === Math.floor(total / 2) && after === total - before;
  });
  return same ? "same" : undefined;
}

/** Puts zeros around images. */
export function zeros(image: SymbolicTensor, { top, bottom, left, right }: Sides): SymbolicTensor {
  return layers.zeroPadding2d({
    padding: [
      [top, bottom],
      [left, right],
    ],
  })(image);
}

/** Images with their padding, and what is left for the layer to do. */
export function paddedFor(image: SymbolicTensor, window: Window): { image: SymbolicTensor; padding: "valid" | "same" } {
  const padding = paddingName(image, window);
  return padding === undefined ? { image: zeros(image, window.pads), padding: "valid" } : { image, padding };
}
