/** Text that reads rows of a data set by an order, whole or in chunks. */

import type { PlanValue } from "@convoy/core/backend";
import { type ElementType, reads, type TensorUse } from "./shader.js";
import { chunkOf, type SourceChunks } from "./sourceChunks.js";

/** The tensors `x0`, `x1`, ... that hold the source. */
export function chunkTensors(source: PlanValue, chunks: SourceChunks, type?: ElementType): Record<string, TensorUse> {
  return Object.fromEntries(
    Array.from({ length: chunks.count }, (_, chunk) => [`x${chunk}`, reads(chunkOf(source, chunks, chunk), type)]),
  );
}

/** WGSL function `element(row, at)`: `read` gives the code for it from a chunk's name and the row within the chunk. */
export function elementDeclaration(
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

/** WGSL function `element(row, at)`, a byte of a row of `rowSize`. */
export function byteDeclaration(chunks: SourceChunks, rowSize: number): string {
  const place = (row: string): string => `(${row} * ${rowSize}u + at)`;
  return elementDeclaration(
    chunks,
    "u32",
    (chunk, row) => `(${chunk}[${place(row)} / 4u] >> (${place(row)} % 4u * 8u)) & 255u`,
  );
}

/** Row of the source for batch row `b`. */
export function sourceRow(rows: number, order: PlanValue | undefined): string {
  const position = `min(step.batchStart + b, ${rows - 1}u)`;
  return order === undefined ? position : `min(u32(order[${position}]), ${rows - 1}u)`;
}
