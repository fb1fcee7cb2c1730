/**
 * y[i] = max(a[i], b[i]), NaN where either is; and its gradient for one input: dy[i] where that input was taken (a where
 * a[i] >= b[i]), else 0. [...], [...] -> [...]. Cost: 12 (16 backward) bytes an element.
 */

import type { OpAttributes } from "@convoy/core/backend";
import { elementwise } from "../wgsl/elementwise.js";
import { isNanDeclaration } from "../wgsl/isNan.js";
import { mapped } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

/** A NaN in the second fails the comparison, one in the first has to be looked for. */
const largerDeclaration = `${isNanDeclaration}fn larger(one: f32, other: f32) -> f32 {
  return select(other, one, one >= other || isNan(one));
}
`;

export const maximum: Kernel<OpAttributes["maximum"]> = {
  dispatches({ label, inputs: [a, b], outputs: [y] }) {
    return [
      elementwise(
        { label, from: { a: a!, b: b! }, to: { y: y! }, declarations: largerDeclaration },
        (width) =>
          `let first = a[index]; let second = b[index]; y[index] = ${mapped("larger", ["first", "second"], width)};`,
      ),
    ];
  },
};

export const maximumBackward: Kernel<OpAttributes["maximumBackward"]> = {
  dispatches({ label, attributes, inputs: [dy, a, b], outputs: [dx] }) {
    const [whenA, whenB] = attributes.input === 0 ? ["dy[index]", "zeros"] : ["zeros", "dy[index]"];
    return [
      elementwise(
        { label, from: { dy: dy!, a: a!, b: b! }, to: { dx: dx! } },
        (_, type) => `let zeros = ${type}(); dx[index] = select(${whenB}, ${whenA}, a[index] >= b[index]);`,
      ),
    ];
  },
};
