/** Sizes of a pooling or convolution as WGSL code uses them. */

import type { Shape } from "@convoy/core/backend";

/** How a window moves, as core's attributes say it. */
export interface WindowSettings {
  readonly strides: readonly [number, number];
  readonly padding: readonly [number, number, number, number];
  readonly dilation: readonly [number, number];
}

/** A window that moves over [N,H,W,C] and gives [N,OH,OW,_]. */
export interface Window extends WindowSettings {
  readonly N: number;
  readonly H: number;
  readonly W: number;
  readonly C: number;
  readonly OH: number;
  readonly OW: number;
  /** Size of the window. */
  readonly KH: number;
  readonly KW: number;
}

export function windowOf(
  input: Shape,
  [KH, KW]: readonly [number, number],
  output: Shape,
  { strides, padding, dilation }: WindowSettings,
): Window {
  const [N, H, W, C] = input as [number, number, number, number];
  const [, OH, OW] = output as [number, number, number];
  return { N, H, W, C, OH, OW, KH, KW, strides, padding, dilation };
}

/** Whether every position of every window lies inside the input. */
export function isUnpadded({ padding }: WindowSettings): boolean {
  return padding.every((size) => size === 0);
}

/** Code: input row (column) of window position `k` of output `o`, as i32. */
export function inputRow({ strides, padding, dilation }: WindowSettings, o: string, k: string): string {
  return `(i32(${o}) * ${strides[0]} + i32(${k}) * ${dilation[0]} - ${padding[0]})`;
}

export function inputColumn({ strides, padding, dilation }: WindowSettings, o: string, k: string): string {
  return `(i32(${o}) * ${strides[1]} + i32(${k}) * ${dilation[1]} - ${padding[2]})`;
}

/** Code: whether i32 `h`, `w` lie inside the input. */
export function inside({ H, W }: Window, h: string, w: string): string {
  return `${h} >= 0 && ${h} < ${H} && ${w} >= 0 && ${w} < ${W}`;
}
