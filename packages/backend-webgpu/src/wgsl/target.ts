/** What shaders are written for. */

import type { Dispatch } from "./dispatch.js";

/**
 * The style of kernels: "registers" keeps everything in the registers of one invocation, without barriers, for software
 * adapters; "tiled" shares tiles in workgroup memory, for GPUs.
 */
export type KernelStyle = "registers" | "tiled";

/** Of the factors in convolutions and matrix products; sums are float32 in any case. */
export type Precision = "float32" | "float16";

/** What kernels are chosen by. */
export interface KernelTarget {
  readonly style: KernelStyle;
  /** Bytes that one binding may have: larger data sets are bound in chunks. */
  readonly maxBindingBytes: number;
  /** Tensors that one dispatch may bind. */
  readonly maxBindings: number;
  /** Invocations of a workgroup, and bytes of its memory. */
  readonly maxWorkgroupSize: number;
  readonly maxWorkgroupBytes: number;
  /** Invocations of a subgroup; absent unless subgroups were asked for and the adapter has them. */
  readonly subgroupSize?: { readonly min: number; readonly max: number };
  /** "float16": kernels of the forward pass may multiply in float16; asked for and offered by the adapter. */
  readonly precision: Precision;
  /** Whether kernels are timed to find the fastest. */
  readonly tunes: boolean;
  /** (tests) Takes one of all variants, whether estimated to be fast or not. */
  readonly pickVariant?: PickVariant;
}

/** Takes one of the variants of a kernel. */
export type PickVariant = (variants: readonly [Dispatch, ...Dispatch[]]) => Dispatch;
