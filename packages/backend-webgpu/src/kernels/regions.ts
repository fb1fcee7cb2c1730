/**
 * fillBoxes: y[n,h,w] = fill[n,h,w], or the values given, in the box (top, left, bottom, right) of sample n, x elsewhere; input
 * [N,H,W,C], boxes [N,4] int32, fill [N,H,W,C] -> [N,H,W,C]. mixRows: y[n] = w[n] x[n] + (1 - w[n]) x[p[n]], without weights
 * x[p[n]]; input [N,...], partners p [N] int32, weights w [N] -> [N,...]. filterAxis: y[n,h,w,c] = sum over k of kernels[n,k] x at
 * k - (K - 1) / 2 pixels along an axis, 0 beyond the edges; input [N,H,W,C], kernels [N,K] -> [N,H,W,C].
 *
 * Cost: each tensor once; a filter 2 K FLOP a number, and reads K of them. Vectors lie along the channels. Partners outside the
 * batch are clamped to its last row, as rows are that are gathered.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { float, floats, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

/** A WGSL constant `values`: a vector of values for each vector of channels. */
function valuesDeclaration(values: readonly number[], width: 1 | 2 | 4): string {
  const type = floats(width);
  const vectors = Array.from({ length: values.length / width }, (_, vector) => {
    const own = values.slice(vector * width, (vector + 1) * width);
    return `${type}(${own.map(float).join(", ")})`;
  });
  return `const values = array<${type}, ${vectors.length}>(${vectors.join(", ")});\n`;
}

export const fillBoxes: Kernel<OpAttributes["fillBoxes"]> = {
  dispatches({ label, attributes: { values }, inputs: [input, boxes, fill], outputs: [output] }) {
    const [, H, W, C] = input!.shape as [number, number, number, number];
    const width = vectorWidth(C);
    const type = floats(width);
    const vectors = C / width;
    const body = `
    let w = i32(index / ${vectors}u % ${W}u);
    let h = i32(index / ${vectors * W}u % ${H}u);
    let box = boxes[index / ${vectors * W * H}u];
    if (h >= box.x && h < box.z && w >= box.y && w < box.w) {
      y[index] = ${fill ? "fill[index]" : `values[index % ${vectors}u]`};
    } else {
      y[index] = x[index];
    }`;
    const tensors = {
      x: reads(input!, type),
      boxes: reads(boxes!, "vec4i"),
      ...(fill ? { fill: reads(fill, type) } : {}),
      y: writes(output!, type),
    };
    const declarations = fill ? "" : valuesDeclaration(values, width);
    return [invocations(sizeOf(input!.shape) / width, body, { label, tensors, declarations })];
  },
};

export const mixRows: Kernel<OpAttributes["mixRows"]> = {
  dispatches({ label, inputs: [input, partners, weights], outputs: [output] }) {
    const rows = input!.shape[0]!;
    const rowSize = sizeOf(input!.shape) / rows;
    const width = vectorWidth(rowSize);
    const type = floats(width);
    const vectors = rowSize / width;
    const body = `
    let n = index / ${vectors}u;
    let other = x[min(u32(partners[n]), ${rows - 1}u) * ${vectors}u + index % ${vectors}u];
    y[index] = ${weights ? "weights[n] * x[index] + (1.0 - weights[n]) * other" : "other"};`;
    const tensors = {
      x: reads(input!, type),
      partners: reads(partners!),
      ...(weights ? { weights: reads(weights) } : {}),
      y: writes(output!, type),
    };
    return [invocations(rows * vectors, body, { label, tensors })];
  },
};

export const filterAxis: Kernel<OpAttributes["filterAxis"]> = {
  dispatches({ label, attributes: { axis }, inputs: [input, kernels], outputs: [output] }) {
    const { shape } = input!;
    const width = vectorWidth(shape[3]!);
    const type = floats(width);
    const taps = kernels!.shape[1]!;
    const radius = (taps - 1) / 2;
    const length = shape[axis]!;
    const stride = sizeOf(shape.slice(axis + 1)) / width;
    const size = sizeOf(shape) / width;
    const body = `
    let first = index / ${size / shape[0]!}u * ${taps}u;
    let place = i32(index / ${stride}u % ${length}u);
    var sum = ${type}();
    for (var k = max(0, ${radius} - place); k < min(${taps}, ${length + radius} - place); k++) {
      sum += kernels[first + u32(k)] * x[u32(i32(index) + (k - ${radius}) * ${stride})];
    }
    y[index] = sum;`;
    const tensors = { x: reads(input!, type), kernels: reads(kernels!), y: writes(output!, type) };
    return [invocations(size, body, { label, tensors })];
  },
};
