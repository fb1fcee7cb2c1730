import type { Machine } from "../machine.js";
import type { GridShape } from "../ops/gridShapes.js";
import type { schemaVersion } from "./result.js";

/** What `bench ops --json` writes. */
export interface OpsReport {
  readonly schema: typeof schemaVersion;
  readonly machine: Machine;
  /** When it was measured. */
  readonly date: string;
  /** Samples of the steps that the ops are taken from. */
  readonly batchSize: number;
  readonly backends: readonly BackendOps[];
}

/** The ops of one backend. */
export interface BackendOps {
  readonly backend: string;
  /** Whether it ran. */
  readonly available: boolean;
  /** Why it did not run. */
  readonly reason?: string;
  readonly device: string | null;
  /** Peak of the backend's own microkernel in this run, in GFLOP/s; null where it has no such measurement. */
  readonly peakGflops: number | null;
  readonly ops: readonly OpResult[];
  /** The convolutions of `--grid`; absent without it. */
  readonly grid?: readonly GridCell[];
  /** The ops of `--memory`; absent without it. */
  readonly moves?: readonly MoveResult[];
}

/** An op that moves bytes, measured in turns with a copy of as many. */
export interface MoveResult {
  readonly op: string;
  /** What the name of the op does not tell: a window, a number of classes. */
  readonly detail: string;
  /** Which of the sizes: "cache", "memory". */
  readonly size: string;
  /** Minimum number of bytes that a run must read and write. */
  readonly bytes: number;
  /** Median microseconds of a run. */
  readonly medianUs: number;
  /** Median microseconds of a copy that reads and writes `bytes` together. */
  readonly copyUs: number;
  /** Median of the ratios of both: 1 is as fast as a copy. */
  readonly ofCopy: number;
  /** What limits the op if memory does not; null where it does. */
  readonly bound: string | null;
}

/** A convolution of the grid, measured. */
export interface GridCell extends GridShape {
  readonly medianUs: number;
  /** Operations of the dense computation in the median time, in 10^9 a second. */
  readonly gflops: number;
}

/** One op with its shapes. */
export interface OpResult {
  readonly op: string;
  /** "64x13x13x32, 3x3x32x64 -> 64x11x11x64" */
  readonly shapes: string;
  /** Networks and steps that it is part of: "simple train". */
  readonly usedBy: readonly string[];
  /** Floating-point operations of a run, computed densely: a kernel that skips zeros may seem to exceed the peak. */
  readonly flops: number;
  /** Minimum number of bytes that a run must move. */
  readonly bytes: number;
  /** Median microseconds of a run. */
  readonly medianUs: number;
  /** Half-width of the 95% confidence interval of the mean, in percent of the mean. */
  readonly errorPercent: number;
  /** `flops` in the median time, in 10^9 a second; null for an op that computes nothing. */
  readonly gflops: number | null;
  /** `bytes` in the median time, in 10^9 a second. */
  readonly gigabytesPerSecond: number;
}
