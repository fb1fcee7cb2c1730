import { alignmentBytes, bytesOf, type PlanValue, type TensorSpec } from "@convoy/core/backend";

/** How a data set is bound: whole, or in chunks of so many rows each but the last. */
export interface SourceChunks {
  readonly count: number;
  readonly rowsPerChunk: number;
}

/** Chunks of at most `maxBindingBytes` that start at whole alignments; `count` is Infinity where single rows are too large. */
export function sourceChunks(source: TensorSpec, maxBindingBytes: number): SourceChunks {
  const rows = source.shape[0]!;
  if (bytesOf(source) <= maxBindingBytes) {
    return { count: 1, rowsPerChunk: rows };
  }
  // As many rows as the alignment has bytes are a multiple of it, whatever the size of a row.
  const rowsPerChunk = Math.floor((maxBindingBytes * rows) / bytesOf(source) / alignmentBytes) * alignmentBytes;
  return { count: rowsPerChunk > 0 ? Math.ceil(rows / rowsPerChunk) : Number.POSITIVE_INFINITY, rowsPerChunk };
}

/** Chunk `chunk` of a data set, as a tensor. */
export function chunkOf(source: PlanValue, { rowsPerChunk }: SourceChunks, chunk: number): PlanValue {
  const rows = source.shape[0]!;
  const first = chunk * rowsPerChunk;
  return {
    ...source,
    label: `${source.label}.${chunk}`,
    shape: [Math.min(rowsPerChunk, rows - first), ...source.shape.slice(1)],
    byteOffset: source.byteOffset + (bytesOf(source) / rows) * first,
  };
}
