/**
 * constrainNorm: norm = sqrt(sum over the axes of w^2), one for each place of the other axes; w = w wanted / (norm + 1e-7) with
 * wanted = min(norm, limit) for "max", limit for "unit". nonNegative: w = max(w, 0). parameter [...] updated.
 *
 * Cost: 8 bytes a number, 12 for the norm where caches do not hold the vectors. One launch: lanes of a workgroup share out the
 * numbers of a vector, are added up pairwise and scale what they have read; several vectors go to a workgroup side by side where
 * they lie so. On software adapters an invocation takes a vector. Not measured yet.
 */

import { type OpAttributes, type Shape, sizeOf } from "@convoy/core/backend";
import { elementwise } from "../wgsl/elementwise.js";
import { float, invocations, workgroups, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import type { Kernel } from "./kernel.js";

/** Added to norms before dividing by them, as in core. */
const normEpsilon = 1e-7;
const [maxLanes, maxSideBySide] = [256, 32];

interface Axis {
  readonly size: number;
  readonly stride: number;
}

/** Code: where number `name` of the places along these axes lies, the last axis the fastest. */
function placeOf(name: string, axes: readonly Axis[]): string {
  const terms = axes.map(({ size, stride }, axis) => {
    const behind = axes.slice(axis + 1).reduce((product, other) => product * other.size, 1);
    return `${name} / ${behind}u${axis === 0 ? "" : ` % ${size}u`} * ${stride}u`;
  });
  return terms.length > 0 ? terms.join(" + ") : "0u";
}

/** The axes that a norm is taken over, or the others; those that lie next to each other joined. */
function axesOf(shape: Shape, wanted: (axis: number) => boolean): Axis[] {
  const joined: Axis[] = [];
  for (const [axis, size] of shape.entries()) {
    const last = joined.at(-1);
    const stride = sizeOf(shape.slice(axis + 1));
    if (wanted(axis) && last?.stride === stride * size) {
      joined[joined.length - 1] = { size: last.size * size, stride };
    } else if (wanted(axis)) {
      joined.push({ size, stride });
    }
  }
  return joined;
}

/** Vectors beside each other in a workgroup, and lanes for each. */
function lanesOf(size: number, sideBySide: boolean, count: number, target: KernelTarget): readonly [number, number] {
  if (target.style === "registers") {
    return [1, 1];
  }
  const floorPower = (value: number): number => 2 ** Math.floor(Math.log2(value));
  const vectors = sideBySide ? Math.min(maxSideBySide, floorPower(count)) : 1;
  return [vectors, Math.min(floorPower(Math.min(maxLanes, target.maxWorkgroupSize) / vectors), floorPower(size))];
}

export const constrainNorm: Kernel<OpAttributes["constrainNorm"]> = {
  dispatches({ label, attributes: { kind, limit, axes }, inputs: [parameter], target }) {
    const { shape } = parameter!;
    const summed = axesOf(shape, (axis) => axes.includes(axis));
    const kept = axesOf(shape, (axis) => !axes.includes(axis));
    const [size, count] = [summed, kept].map((list) => list.reduce((product, axis) => product * axis.size, 1)) as [
      number,
      number,
    ];
    const [vectors, lanes] = lanesOf(size, kept.at(-1)?.stride === 1, count, target);
    const each = (code: string): string => `for (var i = ownLane; i < ${size}u; i += ${lanes}u) {
      let at = start + ${placeOf("i", summed)};
      ${code}
    }`;
    const squares = each("let value = w[at]; sum += value * value;");
    const scaling = (sum: string): string => `
    let norm = sqrt(${sum});
    let factor = ${kind === "max" ? `min(norm, ${float(limit)})` : float(limit)} / (norm + ${float(normEpsilon)});
    ${each("w[at] *= factor;")}`;
    const tensors = { w: writes(parameter!) };
    if (lanes === 1) {
      const body = `
    let start = ${placeOf("index", kept)};
    let ownLane = 0u;
    var sum = 0.0;
    ${squares}
    ${scaling("sum")}`;
      return [invocations(count, body, { label, tensors })];
    }
    const body = `
  let vector = group * ${vectors}u + lane % ${vectors}u;
  let ownLane = lane / ${vectors}u;
  let start = ${placeOf("vector", kept)};
  var sum = 0.0;
  if (vector < ${count}u) {
    ${squares}
  }
  sumLanes[lane] = sum;
  for (var half = ${lanes >> 1}u; half > 0u; half /= 2u) {
    workgroupBarrier();
    if (ownLane < half) { sumLanes[lane] += sumLanes[lane + half * ${vectors}u]; }
  }
  workgroupBarrier();
  if (vector < ${count}u) {
    ${scaling(`sumLanes[lane % ${vectors}u]`)}
  }`;
    return [
      workgroups(Math.ceil(count / vectors), body, {
        label,
        tensors,
        workgroupSize: vectors * lanes,
        declarations: `var<workgroup> sumLanes: array<f32, ${vectors * lanes}>;\n`,
      }),
    ];
  },
};

export const nonNegative: Kernel<OpAttributes["nonNegative"]> = {
  dispatches({ label, inputs: [parameter] }) {
    // A comparison, as max may drop a NaN.
    return [
      elementwise(
        { label, from: {}, to: { w: parameter! } },
        (_, type) => `let value = w[index]; w[index] = select(value, ${type}(), value < ${type}());`,
      ),
    ];
  },
};
