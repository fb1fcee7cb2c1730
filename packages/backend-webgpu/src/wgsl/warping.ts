/** Text that resamples images by affine transforms, wherever their pixels come from. */

import { type OpAttributes, sizeOf, type TensorSpec } from "@convoy/core/backend";
import { float, floats } from "./shader.js";

type Warp = OpAttributes["warp2d"];

export interface WarpText {
  /** Invocations. */
  readonly count: number;
  readonly declarations: string;
  /** Code that writes `y`; it reads `transforms`, and pixels of image `n`. */
  readonly body: string;
}

export interface WarpSpec {
  readonly attributes: Warp;
  /** [N,H,W,C] */
  readonly input: TensorSpec;
  /** [N,OH,OW,C] */
  readonly output: TensorSpec;
  /** Numbers of a vector, along the channels. */
  readonly width: 1 | 2 | 4;
  /** Code that an invocation runs once it knows `n`. */
  readonly prepare?: string;
  /** Code for vector `at` of image n. */
  readonly pixel: (at: string) => string;
  /** Code for what is stored. */
  readonly result: (value: string) => string;
}

/** Pixels of so few vectors are an invocation's work as a whole: their place is computed once. */
const maxVectors = 4;

/** WGSL function: the index that the fill mode has in place of `i` among so many pixels. */
function indexDeclaration(name: string, length: number, fillMode: Warp["fillMode"]): string {
  const codes = {
    nearest: `return clamp(i, 0, ${length - 1});`,
    constant: `return clamp(i, 0, ${length - 1});`,
    wrap: `return (i % ${length} + ${length}) % ${length};`,
    reflect: `let place = (i % ${2 * length} + ${2 * length}) % ${2 * length};
  return min(place, ${2 * length - 1} - place);`,
  };
  return `fn ${name}(i: i32) -> i32 {
  ${codes[fillMode]}
}
`;
}

export function warpText({ attributes, input, output, width, prepare = "", pixel, result }: WarpSpec): WarpText {
  const { interpolation, fillMode, fillValue, fractionBits } = attributes;
  const [, H, W, C] = input.shape as [number, number, number, number];
  const [, OH, OW] = output.shape as [number, number, number];
  const type = floats(width);
  const vectors = C / width;
  const together = vectors <= maxVectors ? vectors : 1;
  const groups = vectors / together;
  const fill = (value: string, inside: string): string =>
    fillMode === "constant" ? `select(${type}(${float(fillValue)}), ${value}, ${inside})` : value;
  const place = (row: string, column: string, k: number): string =>
    `(${row} * ${W}u + ${column}) * ${vectors}u${groups === 1 ? "" : " + c"} + ${k}u`;
  const tap = (row: string, column: string, k: number): string =>
    fill(pixel(place(row, column, k)), `${row}Inside && ${column}Inside`);
  // The index of a tap along an axis, and whether it is one of the image.
  const index = (name: string, i: string, axis: "row" | "column"): string => `let ${name} = u32(${axis}At(${i}));
    ${fillMode === "constant" ? `let ${name}Inside = u32(${i}) < ${axis === "row" ? H : W}u;` : ""}`;
  const half = fractionBits > 0 ? ` + ${2 ** (fractionBits - 1)}` : "";
  const indices =
    interpolation === "nearest"
      ? `${index("left", `((px${half}) >> ${fractionBits}u)`, "column")}
    ${index("top", `((py${half}) >> ${fractionBits}u)`, "row")}`
      : `${index("left", `(px >> ${fractionBits}u)`, "column")}
    ${index("right", `((px >> ${fractionBits}u) + 1)`, "column")}
    ${index("top", `(py >> ${fractionBits}u)`, "row")}
    ${index("bottom", `((py >> ${fractionBits}u) + 1)`, "row")}
    let across = f32(px & ${2 ** fractionBits - 1}) * ${float(2 ** -fractionBits)};
    let down = f32(py & ${2 ** fractionBits - 1}) * ${float(2 ** -fractionBits)};`;
  const value = (k: number): string =>
    interpolation === "nearest"
      ? tap("top", "left", k)
      : `mix(mix(${tap("top", "left", k)}, ${tap("top", "right", k)}, across), mix(${tap("bottom", "left", k)}, ${tap("bottom", "right", k)}, across), down)`;
  const stores = Array.from({ length: together }, (_, k) => `y[index * ${together}u + ${k}u] = ${result(value(k))};`);
  const body = `
    ${groups === 1 ? "" : `let c = index % ${groups}u;`}
    let ow = i32(index / ${groups}u % ${OW}u);
    let oh = i32(index / ${groups * OW}u % ${OH}u);
    let n = index / ${groups * OW * OH}u;
    ${prepare}
    // Sums may wrap around, as whole numbers do here.
    let px = transforms[n * 6u] * ow + transforms[n * 6u + 1u] * oh + transforms[n * 6u + 2u];
    let py = transforms[n * 6u + 3u] * ow + transforms[n * 6u + 4u] * oh + transforms[n * 6u + 5u];
    ${indices}
    ${stores.join("\n    ")}`;
  const declarations = `${indexDeclaration("rowAt", H, fillMode)}${indexDeclaration("columnAt", W, fillMode)}`;
  return { count: sizeOf(output.shape) / width / together, declarations, body };
}
