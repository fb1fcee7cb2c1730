/** The inputs of conformance cases, written short. */

import { type Shape, sizeOf } from "./definition.js";
import type { CaseInput, Fill } from "./opCase.js";

function floats(shape: Shape, fill: Fill): CaseInput {
  return { shape, dtype: "float32", fill };
}

/** Normally distributed numbers. */
export function normal(shape: Shape, deviation = 1, mean = 0): CaseInput {
  return floats(shape, { kind: "normal", mean, deviation });
}

/** Evenly distributed numbers in [low, high). */
export function uniform(shape: Shape, low: number, high: number): CaseInput {
  return floats(shape, { kind: "uniform", low, high });
}

/** Numbers below zero, far from it: a maximum that starts at 0 or at a small positive number shows. */
export function negative(shape: Shape): CaseInput {
  return uniform(shape, -9, -1);
}

/** Small integers: many ties, and sums that are exact in float32. */
export function integers(shape: Shape, low = -3, high = 3): CaseInput {
  return floats(shape, { kind: "integers", low, high });
}

/** One of the given numbers each. */
export function choice(shape: Shape, values: readonly number[]): CaseInput {
  return floats(shape, { kind: "choice", values });
}

/** The same number everywhere. */
export function constant(shape: Shape, value: number): CaseInput {
  return choice(shape, [value]);
}

/** These very numbers. */
export function given(shape: Shape, values: readonly number[]): CaseInput {
  return floats(shape, { kind: "given", values });
}

/** Logits that overflow e^x unless the row's largest is taken off first. */
export function extremeLogits(shape: Shape): CaseInput {
  return choice(shape, [-1e4, -100, 0, 1, 100, 1e4]);
}

/** Rows with one 1 and zeros. */
export function oneHot(shape: Shape): CaseInput {
  return floats(shape, { kind: "oneHot" });
}

/** Rows of positive numbers that add up to 1. */
export function distribution(shape: Shape): CaseInput {
  return floats(shape, { kind: "distribution" });
}

/** Class numbers. */
export function labels(shape: Shape, classes: number): CaseInput {
  return { shape, dtype: "int32", fill: { kind: "integers", low: 0, high: classes - 1 } };
}

/** Class numbers, given. */
export function givenLabels(values: readonly number[]): CaseInput {
  return { shape: [values.length], dtype: "int32", fill: { kind: "given", values } };
}

/** Any int32 numbers, negative ones and large ones included. */
export function words(shape: Shape): CaseInput {
  return { shape, dtype: "int32", fill: { kind: "integers", low: -(2 ** 31), high: 2 ** 31 - 1 } };
}

/** These very int32 numbers. */
export function givenWords(shape: Shape, values: readonly number[]): CaseInput {
  return { shape, dtype: "int32", fill: { kind: "given", values } };
}

/** Bytes, 0 and 255 included. */
export function bytes(shape: Shape): CaseInput {
  return { shape, dtype: "uint8", fill: { kind: "integers", low: 0, high: 255 } };
}

/** 0 ... count - 1 in random order. */
export function order(count: number): CaseInput {
  return { shape: [count], dtype: "int32", fill: { kind: "permutation" } };
}

/** A shape for names: `2x5x5x3`. */
export function times(shape: Shape): string {
  return shape.join("x");
}

/** Rows of a [...,C] tensor. */
export function rows(shape: Shape): number {
  return sizeOf(shape.slice(0, -1));
}
