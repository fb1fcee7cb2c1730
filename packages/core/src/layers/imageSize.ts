import { expectCount } from "../checkOption.js";
import { ArgumentError, formatShape, ShapeError } from "../errors.js";
import { lookUp } from "../names.js";
import { spatial } from "../ops/window.js";
import { commonFields, type LayerOptions } from "./definition.js";
import { defineLayer, type Layer } from "./layer.js";
import { expectImages, layerOptions, type Pair, toPair } from "./options.js";

/** How much at each side: everywhere alike, [rows, columns] on both sides, or [[top, bottom], [left, right]]. */
export type Borders =
  | number
  | readonly [number, number]
  | readonly [readonly [number, number], readonly [number, number]];

interface Sides {
  readonly top: number;
  readonly bottom: number;
  readonly left: number;
  readonly right: number;
}

function toSides(what: string, option: Borders): Sides {
  const [rows, columns] = typeof option === "number" ? [option, option] : option;
  const [top, bottom] = typeof rows === "number" ? [rows, rows] : rows;
  const [left, right] = typeof columns === "number" ? [columns, columns] : columns;
  const sides = { top, bottom, left, right };
  for (const size of Object.values(sides)) {
    expectCount(what, size, 0);
  }
  return sides;
}

export interface ZeroPadding2dOptions extends LayerOptions {
  /** Default 1. */
  readonly padding?: Borders;
}

/** Rows and columns of zeros around images: [N,H,W,C] to [N,H+top+bottom,W+left+right,C]. Keras' `ZeroPadding2D`. */
export function zeroPadding2d(options: ZeroPadding2dOptions = {}): Layer {
  layerOptions("zeroPadding2d", options, ["padding"]);
  const { top, bottom, left, right } = toSides("zeroPadding2d: padding", options.padding ?? 1);
  return defineLayer({
    className: "ZeroPadding2D",
    defaultName: "zero_padding2d",
    ...commonFields(options),
    get config() {
      return {
        padding: [
          [top, bottom],
          [left, right],
        ],
      };
    },
    parameters: () => [],
    apply({ graph, input }) {
      expectImages("zeroPadding2d", input.shape.slice(1));
      return graph.apply("pad", [input], { before: [0, top, left, 0], after: [0, bottom, right, 0] })[0]!;
    },
  });
}

export interface Cropping2dOptions extends LayerOptions {
  /** Default 0. */
  readonly cropping?: Borders;
}

/**
 * Cuts rows and columns off images: [N,H,W,C] to [N,H-top-bottom,W-left-right,C]. Keras' `Cropping2D`. Throws `ShapeError` where
 * nothing would be left.
 */
export function cropping2d(options: Cropping2dOptions = {}): Layer {
  layerOptions("cropping2d", options, ["cropping"]);
  const { top, bottom, left, right } = toSides("cropping2d: cropping", options.cropping ?? 0);
  return defineLayer({
    className: "Cropping2D",
    defaultName: "cropping2d",
    ...commonFields(options),
    get config() {
      return {
        cropping: [
          [top, bottom],
          [left, right],
        ],
      };
    },
    parameters: () => [],
    apply({ graph, input }) {
      expectImages("cropping2d", input.shape.slice(1));
      const [height, width] = spatial(input.shape);
      if (top + bottom >= height || left + right >= width) {
        throw new ShapeError(
          `cropping2d: ${top} and ${bottom} rows, ${left} and ${right} columns cut off leave nothing of ${height} x ${width}; ` +
            "cut off less",
        );
      }
      const [before, after] = [
        [0, 0 - top, 0 - left, 0],
        [0, 0 - bottom, 0 - right, 0],
      ];
      return graph.apply("pad", [input], { before: before!, after: after! })[0]!;
    },
  });
}

/** Both interpolations by name. */
const interpolations = { nearest: "nearest", bilinear: "bilinear" } as const;

export interface UpSampling2dOptions extends LayerOptions {
  /** By how much rows and columns grow; default 2. */
  readonly size?: Pair;
  /** Default "nearest". */
  readonly interpolation?: "nearest" | "bilinear";
}

/** Images a whole number of times as large: [N,H,W,C] to [N,H*size,W*size,C]. Keras' `UpSampling2D`. */
export function upSampling2d(options: UpSampling2dOptions = {}): Layer {
  layerOptions("upSampling2d", options, ["size", "interpolation"]);
  const [rows, columns] = toPair("upSampling2d: size", options.size ?? 2);
  const interpolation = lookUp("interpolation", options.interpolation ?? "nearest", interpolations);
  return defineLayer({
    className: "UpSampling2D",
    defaultName: "up_sampling2d",
    ...commonFields(options),
    config: { size: [rows, columns], interpolation },
    parameters: () => [],
    apply({ graph, input }) {
      expectImages("upSampling2d", input.shape.slice(1));
      const [height, width] = spatial(input.shape);
      return graph.apply("resize2d", [input], { size: [height * rows, width * columns], interpolation })[0]!;
    },
  });
}

export interface ResizingOptions extends LayerOptions {
  readonly height: number;
  readonly width: number;
  /** Default "bilinear". */
  readonly interpolation?: "nearest" | "bilinear";
}

/**
 * Images in another size, sampled at the centres of pixels without antialiasing: [N,H,W,C] to [N,height,width,C]. Keras'
 * `Resizing`.
 */
export function resizing(options: ResizingOptions): Layer {
  layerOptions("resizing", options, ["height", "width", "interpolation"], ["height", "width"]);
  const height = expectCount("resizing: height", options.height);
  const width = expectCount("resizing: width", options.width);
  const interpolation = lookUp("interpolation", options.interpolation ?? "bilinear", interpolations);
  return defineLayer({
    className: "Resizing",
    defaultName: "resizing",
    ...commonFields(options),
    config: { height, width, interpolation },
    parameters: () => [],
    apply({ graph, input }) {
      expectImages("resizing", input.shape.slice(1));
      return graph.apply("resize2d", [input], { size: [height, width], interpolation })[0]!;
    },
  });
}

export interface PermuteOptions extends LayerOptions {
  /** For each axis of the output the axis of the sample that it is, counted from 1: [2, 1] transposes. */
  readonly dims: readonly number[];
}

/** The axes of samples in another order. Keras' `Permute`. Throws `ArgumentError` unless `dims` names each axis once. */
export function permute(options: PermuteOptions): Layer {
  const { dims } = layerOptions("permute", options, ["dims"], ["dims"]);
  if ([...dims].sort((a, b) => a - b).some((axis, index) => axis !== index + 1)) {
    throw new ArgumentError(
      `permute: dims is ${formatShape(dims)}, expected each of 1 to ${dims.length} once; axes of a sample count from 1`,
    );
  }
  return defineLayer({
    className: "Permute",
    defaultName: "permute",
    ...commonFields(options),
    config: { dims },
    parameters: () => [],
    apply({ graph, input }) {
      if (input.shape.length !== dims.length + 1) {
        throw new ShapeError(
          `permute: dims ${formatShape(dims)} are for samples of ${dims.length} axes, got ${formatShape(input.shape.slice(1))}`,
        );
      }
      return graph.apply("transpose", [input], { permutation: [0, ...dims] })[0]!;
    },
  });
}
