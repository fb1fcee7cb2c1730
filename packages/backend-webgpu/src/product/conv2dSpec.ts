/** What the kernels of the three convolution ops are given, whichever variant runs. */

import type { PlanValue, WindowGeometry } from "@convoy/core/backend";
import type { MomentSlots } from "../wgsl/momentSlots.js";
import type { SideWork } from "../wgsl/shader.js";
import type { Epilogue } from "./epilogue.js";

/** 2x2 max-pooling behind a convolution: where its largest numbers and their positions go. */
export interface FusedPooling {
  /** Absent where nothing reads the positions: without training. */
  readonly argmax?: PlanValue;
  /** Size of the pooled output. */
  readonly PH: number;
  readonly PW: number;
}

/** y = x convolved with k, then the epilogue. */
export interface Conv2dSpec {
  readonly label: string;
  readonly input: PlanValue;
  readonly kernel: PlanValue;
  /** [N,OH,OW,F], or [N,PH,PW,F] with pooling; without memory where only the positions of a pooling, or statistics, are wanted. */
  readonly output: PlanValue;
  readonly window: WindowGeometry;
  readonly F: number;
  readonly epilogue: Epilogue;
  readonly pooling?: FusedPooling;
  /** Where the statistics of the results by channel are left, the bias included; not with pooling. */
  readonly moments?: MomentSlots;
}

/** dx of a convolution. */
export interface BackwardInputSpec {
  readonly label: string;
  /** [N,OH,OW,F] */
  readonly gradient: PlanValue;
  /** [KH,KW,C,F] */
  readonly kernel: PlanValue;
  /** [N,H,W,C] */
  readonly output: PlanValue;
  readonly window: WindowGeometry;
  readonly F: number;
  /** What the launch takes along. */
  readonly beside?: SideWork;
}

/** dk of a convolution. */
export interface BackwardFilterSpec {
  readonly label: string;
  /** [N,H,W,C] */
  readonly input: PlanValue;
  /** [N,OH,OW,F] */
  readonly gradient: PlanValue;
  /** [blocks,KH,KW,C,F], or the kernel gradient itself where there is one block. */
  readonly output: PlanValue;
  readonly window: WindowGeometry;
  readonly F: number;
  readonly blocks: number;
}
