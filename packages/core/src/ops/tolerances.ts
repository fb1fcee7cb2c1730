/** Tolerances of conformance cases: how far two correct float32 kernels may differ, and why. */

import type { Tolerance } from "./opCase.js";

/** Nothing is computed: copies, counts, positions. */
export const exact: Tolerance = { relative: 0, absolute: 0, why: "nothing is rounded" };

/** One or two roundings an element; zeros stay zeros. */
export const roundings: Tolerance = { relative: 3e-7, absolute: 0, why: "a few roundings of 2^-24 an element" };

/** A fixed formula of a dozen operations an element. */
export const formula: Tolerance = {
  relative: 4e-6,
  absolute: 1e-6,
  why: "a dozen roundings an element, with cancellation",
};

/** Exponentials, logarithms and hyperbolic functions of an element. */
export const transcendental: Tolerance = {
  relative: 1e-5,
  absolute: 1e-5,
  why: "WGSL promises tanh to 1e-5 only, and e^x to 3 + 2|x| units in the last place",
};

/** Means and variances of numbers of about size 1, and what they normalize. */
export const normalized: Tolerance = {
  relative: 2e-5,
  absolute: 2e-5,
  why: "averages in float32 in any order, a root and a division",
};

/**
 * A sum of `terms` numbers of about size 1 (products of unit normals, say), in any order. Added up one by one in float32
 * the error is about 2^-25 times the number of terms; ten times that is left for the largest of many elements.
 */
export function sum(terms: number): Tolerance {
  return {
    relative: 1e-5,
    absolute: Math.max(1e-5, 3e-7 * terms),
    why: `sums of ${terms} terms in float32, in any order`,
  };
}
