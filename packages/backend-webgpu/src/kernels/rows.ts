/**
 * gatherRows: y[b] = scale * source[order[batchStart + b]], or source[batchStart + b] without an order; source [M,...]
 * (float32, int32 or uint8), order [M] int32 -> [B,...]. storeRows: destination[batchStart + b] = values[b].
 *
 * Cost: the batch once in and once out. Bytes are read as the words that hold four of them; where a row is whole words an
 * invocation unpacks one word. Rows beyond the tensor are clamped to its last: an order with such a row is an error that
 * the host has to find.
 */

import { type OpAttributes, type PlanValue, sizeOf } from "@convoy/core/backend";
import type { Dispatch } from "../dispatch.js";
import type { Kernel } from "../kernel.js";
import { float, floats, integers, invocations, reads, vectorWidth, writes } from "../shader.js";

export const gatherRows: Kernel<OpAttributes["gatherRows"]> = {
  dispatches({ label, attributes, inputs: [source, order], outputs: [batch] }) {
    return [
      source!.dtype === "uint8"
        ? gatherBytes(label, attributes, source!, order, batch!)
        : gatherNumbers(label, attributes, source!, order, batch!),
    ];
  },
};

type GatherAttributes = OpAttributes["gatherRows"];

/** Row of the source for batch row `b`. */
function sourceRow(rows: number, order: PlanValue | undefined): string {
  const position = `min(step.batchStart + b, ${rows - 1}u)`;
  return order === undefined ? position : `min(u32(order[${position}]), ${rows - 1}u)`;
}

function gatherNumbers(
  label: string,
  { scale, batchSize, dtype }: GatherAttributes,
  source: PlanValue,
  order: PlanValue | undefined,
  batch: PlanValue,
): Dispatch {
  const rowSize = sizeOf(source.shape.slice(1));
  const width = vectorWidth(rowSize);
  const from = source.dtype === "int32" ? integers(width) : floats(width);
  const to = dtype === "int32" ? integers(width) : floats(width);
  const rowVectors = rowSize / width;
  const body = `
    let b = index / ${rowVectors}u;
    let value = x[${sourceRow(source.shape[0]!, order)} * ${rowVectors}u + index % ${rowVectors}u];
    y[index] = ${to}(value)${scale === 1 ? "" : ` * ${float(scale)}`};`;
  return invocations(batchSize * rowVectors, body, {
    label,
    tensors: { x: reads(source, from), ...(order ? { order: reads(order) } : {}), y: writes(batch, to) },
    usesStep: true,
  });
}

function gatherBytes(
  label: string,
  { scale, batchSize, dtype }: GatherAttributes,
  source: PlanValue,
  order: PlanValue | undefined,
  batch: PlanValue,
): Dispatch {
  const rowSize = sizeOf(source.shape.slice(1));
  const row = sourceRow(source.shape[0]!, order);
  const scaled = (value: string): string => (scale === 1 ? value : `${value} * ${float(scale)}`);
  const spec = { label, usesStep: true };
  const tensors = { x: reads(source), ...(order ? { order: reads(order) } : {}) };
  if (rowSize % 4 === 0 && dtype === "float32") {
    const words = rowSize / 4;
    const body = `
    let b = index / ${words}u;
    let word = x[${row} * ${words}u + index % ${words}u];
    let bytes = vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
    y[index] = ${scaled("bytes")};`;
    return invocations(batchSize * words, body, { ...spec, tensors: { ...tensors, y: writes(batch, "vec4f") } });
  }
  const body = `
    let b = index / ${rowSize}u;
    let place = ${row} * ${rowSize}u + index % ${rowSize}u;
    let byte = (x[place / 4u] >> (place % 4u * 8u)) & 255u;
    y[index] = ${dtype === "int32" ? "i32(byte)" : scaled("f32(byte)")};`;
  return invocations(batchSize * rowSize, body, { ...spec, tensors: { ...tensors, y: writes(batch) } });
}

export const storeRows: Kernel<OpAttributes["storeRows"]> = {
  dispatches({ label, inputs: [values, destination] }) {
    const rowSize = sizeOf(values!.shape.slice(1));
    const width = vectorWidth(rowSize);
    const type = values!.dtype === "int32" ? integers(width) : floats(width);
    const body = `
    let place = step.batchStart * ${rowSize / width}u + index;
    if (place < ${sizeOf(destination!.shape) / width}u) { y[place] = x[index]; }`;
    return [
      invocations(sizeOf(values!.shape) / width, body, {
        label,
        tensors: { x: reads(values!, type), y: writes(destination!, type) },
        usesStep: true,
      }),
    ];
  },
};
