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
import {
  type ElementType,
  float,
  floats,
  integers,
  invocations,
  reads,
  type TensorUse,
  vectorWidth,
  writes,
} from "../wgsl/shader.js";
import { chunkOf, type SourceChunks, sourceChunks } from "../wgsl/sourceChunks.js";
import type { Kernel } from "./kernel.js";

export const gatherRows: Kernel<OpAttributes["gatherRows"]> = {
  dispatches({ label, attributes, inputs: [source, order], outputs: [batch], target }) {
    const gather = { label, attributes, source: source!, order, batch: batch! };
    const chunks = sourceChunks(source!, target.maxBindingBytes);
    return [source!.dtype === "uint8" ? gatherBytes(gather, chunks) : gatherNumbers(gather, chunks)];
  },
};

interface Gather {
  readonly label: string;
  readonly attributes: OpAttributes["gatherRows"];
  readonly source: PlanValue;
  readonly order: PlanValue | undefined;
  readonly batch: PlanValue;
}

/** The tensors `x0`, `x1`, ... that hold the source. */
function chunkTensors(source: PlanValue, chunks: SourceChunks, type?: ElementType): Record<string, TensorUse> {
  return Object.fromEntries(
    Array.from({ length: chunks.count }, (_, chunk) => [`x${chunk}`, reads(chunkOf(source, chunks, chunk), type)]),
  );
}

/** WGSL function `element(row, at)`: `read` gives the code for it from a chunk's name and the row within the chunk. */
function elementDeclaration(
  { count, rowsPerChunk }: SourceChunks,
  type: string,
  read: (chunk: string, row: string) => string,
): string {
  const branches = Array.from({ length: count }, (_, chunk) => {
    const found = `return ${read(`x${chunk}`, chunk === 0 ? "row" : `(row - ${chunk * rowsPerChunk}u)`)};`;
    return chunk === count - 1 ? found : `if (row < ${(chunk + 1) * rowsPerChunk}u) { ${found} }`;
  });
  return `fn element(row: u32, at: u32) -> ${type} {
  ${branches.join("\n  ")}
}
`;
}

/** Row of the source for batch row `b`. */
function sourceRow(rows: number, order: PlanValue | undefined): string {
  const position = `min(step.batchStart + b, ${rows - 1}u)`;
  return order === undefined ? position : `min(u32(order[${position}]), ${rows - 1}u)`;
}

function gatherNumbers({ label, attributes, source, order, batch }: Gather, chunks: SourceChunks): Dispatch {
  const { scale, batchSize, dtype } = attributes;
  const rowSize = sizeOf(source.shape.slice(1));
  const width = vectorWidth(rowSize);
  const type = source.dtype === "int32" ? integers(width) : floats(width);
  const to = dtype === "int32" ? integers(width) : floats(width);
  const rowVectors = rowSize / width;
  const body = `
    let b = index / ${rowVectors}u;
    let value = element(${sourceRow(source.shape[0]!, order)}, index % ${rowVectors}u);
    y[index] = ${to}(value)${scale === 1 ? "" : ` * ${float(scale)}`};`;
  return invocations(batchSize * rowVectors, body, {
    label,
    tensors: { ...chunkTensors(source, chunks, type), ...(order ? { order: reads(order) } : {}), y: writes(batch, to) },
    declarations: elementDeclaration(chunks, type, (chunk, row) => `${chunk}[${row} * ${rowVectors}u + at]`),
    usesStep: true,
  });
}

function gatherBytes({ label, attributes, source, order, batch }: Gather, chunks: SourceChunks): Dispatch {
  const { scale, batchSize, dtype } = attributes;
  const rowSize = sizeOf(source.shape.slice(1));
  const row = sourceRow(source.shape[0]!, order);
  const scaled = (value: string): string => (scale === 1 ? value : `${value} * ${float(scale)}`);
  const spec = { label, usesStep: true };
  const tensors = { ...chunkTensors(source, chunks), ...(order ? { order: reads(order) } : {}) };
  if (rowSize % 4 === 0 && dtype === "float32") {
    const words = rowSize / 4;
    const body = `
    let b = index / ${words}u;
    let word = element(${row}, index % ${words}u);
    let bytes = vec4f((vec4u(word) >> vec4u(0u, 8u, 16u, 24u)) & vec4u(255u));
    y[index] = ${scaled("bytes")};`;
    return invocations(batchSize * words, body, {
      ...spec,
      tensors: { ...tensors, y: writes(batch, "vec4f") },
      declarations: elementDeclaration(chunks, "u32", (chunk, local) => `${chunk}[${local} * ${words}u + at]`),
    });
  }
  const body = `
    let b = index / ${rowSize}u;
    let byte = element(${row}, index % ${rowSize}u);
    y[index] = ${dtype === "int32" ? "i32(byte)" : scaled("f32(byte)")};`;
  const place = (local: string): string => `(${local} * ${rowSize}u + at)`;
  return invocations(batchSize * rowSize, body, {
    ...spec,
    tensors: { ...tensors, y: writes(batch) },
    declarations: elementDeclaration(
      chunks,
      "u32",
      (chunk, local) => `(${chunk}[${place(local)} / 4u] >> (${place(local)} % 4u * 8u)) & 255u`,
    ),
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
