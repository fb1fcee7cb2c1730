/**
 * gatherRows: y[b] = scale * source[order[batchStart + b]], or source[batchStart + b] without an order; source [M,...]
 * (float32, int32 or uint8), order [M] int32 -> [B,...]. storeRows: destination[batchStart + b] = values[b].
 *
 * Cost: the batch once in and once out. Bytes are read as the words that hold four of them; where a row is whole words an
 * invocation unpacks one word. A source that is larger than a binding may be is bound in chunks. Rows beyond the tensor are
 * clamped to its last: an order with such a row is an error that the host has to find.
 */

import { type OpAttributes, type PlanValue, sizeOf } from "@convoy/core/backend";
import type { Dispatch } from "../wgsl/dispatch.js";
import { byteDeclaration, chunkTensors, elementDeclaration, sourceRow } from "../wgsl/gathering.js";
import { type Scaling, scaled } from "../wgsl/scaling.js";
import { floats, integers, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import { type SourceChunks, sourceChunks } from "../wgsl/sourceChunks.js";
import type { Kernel } from "./kernel.js";

export const gatherRows: Kernel<OpAttributes["gatherRows"]> = {
  dispatches({ label, attributes: { scale }, inputs: [source, order], outputs: [batch], target }) {
    const gather = { label, source: source!, order, batch: batch!, scaling: { scale, offset: 0 } };
    return [gathered(gather, sourceChunks(source!, target.maxBindingBytes))];
  },
};

interface Gather {
  readonly label: string;
  readonly source: PlanValue;
  readonly order: PlanValue | undefined;
  readonly batch: PlanValue;
  readonly scaling: Scaling;
}

/** Gathers the rows of a batch, scaled. */
export function gathered(gather: Gather, chunks: SourceChunks): Dispatch {
  return gather.source.dtype === "uint8" ? gatherBytes(gather, chunks) : gatherNumbers(gather, chunks);
}

function gatherNumbers({ label, source, order, batch, scaling }: Gather, chunks: SourceChunks): Dispatch {
  const rowSize = sizeOf(source.shape.slice(1));
  const width = vectorWidth(rowSize);
  const type = source.dtype === "int32" ? integers(width) : floats(width);
  const to = batch.dtype === "int32" ? integers(width) : floats(width);
  const rowVectors = rowSize / width;
  const body = `
    let b = index / ${rowVectors}u;
    let value = element(${sourceRow(source.shape[0]!, order)}, index % ${rowVectors}u);
    y[index] = ${scaled(`${to}(value)`, scaling)};`;
  return invocations(batch.shape[0]! * rowVectors, body, {
    label,
    tensors: { ...chunkTensors(source, chunks, type), ...(order ? { order: reads(order) } : {}), y: writes(batch, to) },
    declarations: elementDeclaration(chunks, type, (chunk, row) => `${chunk}[${row} * ${rowVectors}u + at]`),
    usesStep: true,
  });
}

function gatherBytes({ label, source, order, batch, scaling }: Gather, chunks: SourceChunks): Dispatch {
  const batchSize = batch.shape[0]!;
  const rowSize = sizeOf(source.shape.slice(1));
  const row = sourceRow(source.shape[0]!, order);
  const spec = { label, usesStep: true };
  const tensors = { ...chunkTensors(source, chunks), ...(order ? { order: reads(order) } : {}) };
  if (rowSize % 4 === 0 && batch.dtype === "float32") {
    const words = rowSize / 4;
    const body = `
    let b = index / ${words}u;
    let word = element(${row}, index % ${words}u);
    let bytes = vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
    y[index] = ${scaled("bytes", scaling)};`;
    return invocations(batchSize * words, body, {
      ...spec,
      tensors: { ...tensors, y: writes(batch, "vec4f") },
      declarations: elementDeclaration(chunks, "u32", (chunk, local) => `${chunk}[${local} * ${words}u + at]`),
    });
  }
  const body = `
    let b = index / ${rowSize}u;
    let byte = element(${row}, index % ${rowSize}u);
    y[index] = ${batch.dtype === "int32" ? "i32(byte)" : scaled("f32(byte)", scaling)};`;
  return invocations(batchSize * rowSize, body, {
    ...spec,
    tensors: { ...tensors, y: writes(batch) },
    declarations: byteDeclaration(chunks, rowSize),
  });
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
