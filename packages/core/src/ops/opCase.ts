/**
 * A conformance case of an op: plain data, so that every backend's tests, the gradient check and the benchmark read the
 * same list. The cases of an op stand beside it in `<op>.cases.ts`.
 */

import type { DType, Shape } from "./definition.js";
import type { OpAttributes, OpName } from "./index.js";

/** How a tensor of a case gets its numbers. Whatever is random is drawn from a stream that belongs to the case. */
export type Fill =
  /** Normally distributed. */
  | { readonly kind: "normal"; readonly mean: number; readonly deviation: number }
  /** Evenly distributed in [low, high). */
  | { readonly kind: "uniform"; readonly low: number; readonly high: number }
  /** Integers from low to high, both included: many ties, and sums that are exact in float32. */
  | { readonly kind: "integers"; readonly low: number; readonly high: number }
  /** One of these numbers each. */
  | { readonly kind: "choice"; readonly values: readonly number[] }
  /** These very numbers, in row-major order. */
  | { readonly kind: "given"; readonly values: readonly number[] }
  /** Rows over the last axis with one 1 and zeros. */
  | { readonly kind: "oneHot" }
  /** Rows over the last axis of positive numbers that add up to 1. */
  | { readonly kind: "distribution" }
  /** 0 ... length - 1 in random order. */
  | { readonly kind: "permutation" };

/** One input of a case. */
export interface CaseInput {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly fill: Fill;
}

/** `|actual - expected|` may be up to `absolute + relative * |expected|`. */
export interface Tolerance {
  readonly relative: number;
  readonly absolute: number;
  /** Where the difference comes from, in one line. */
  readonly why: string;
}

/** An input whose gradient is checked as well, through the op's own gradient rule. */
export interface CaseGradient {
  /** Position of the input. */
  readonly input: number;
  readonly tolerance: Tolerance;
}

/** What differs from step to step. A case without steps runs one step of the defaults. */
export interface CaseStep {
  /** Default 0. */
  readonly iteration?: number;
  /** Default 0. */
  readonly batchStart?: number;
  /** Default 0.01. */
  readonly learningRate?: number;
  /** Default 0.01. */
  readonly stepSize?: number;
  /** Default 1. */
  readonly seed?: number;
  /** Default 0. */
  readonly gradientStep?: number;
  /** Default 0. */
  readonly secondMomentScale?: number;
}

/** One op with its settings and inputs. */
export interface OpCase<N extends OpName = OpName> {
  readonly op: N;
  /** Unique among the cases of the op. */
  readonly name: string;
  readonly attributes: OpAttributes[N];
  readonly inputs: readonly CaseInput[];
  /** For the outputs and for the inputs that the op updates. */
  readonly tolerance: Tolerance;
  readonly differentiate?: readonly CaseGradient[];
  readonly steps?: readonly CaseStep[];
}

/** A case of any op. */
export type AnyOpCase = { [N in OpName]: OpCase<N> }[OpName];
