import { alignmentBytes, bytesOf, type PlanValue, type TensorSpec } from "@convoy/core/backend";

/** How a data set is bound: whole, or in parts of so many rows each but the last. */
export interface SourceParts {
  readonly count: number;
  readonly rowsPerPart: number;
}

/** Parts of at most `maxBindingBytes` that start at whole alignments; `count` is Infinity where single rows are too large. */
export function sourceParts(source: TensorSpec, maxBindingBytes: number): SourceParts {
  const rows = source.shape[0]!;
  if (bytesOf(source) <= maxBindingBytes) {
    return { count: 1, rowsPerPart: rows };
  }
  // As many rows as the alignment has bytes are a multiple of it, whatever the size of a row.
  const rowsPerPart = Math.floor((maxBindingBytes * rows) / bytesOf(source) / alignmentBytes) * alignmentBytes;
  return { count: rowsPerPart > 0 ? Math.ceil(rows / rowsPerPart) : Number.POSITIVE_INFINITY, rowsPerPart };
}

/** Part `part` of a data set, as a tensor. */
export function partOf(source: PlanValue, { rowsPerPart }: SourceParts, part: number): PlanValue {
  const rows = source.shape[0]!;
  const first = part * rowsPerPart;
  return {
    ...source,
    label: `${source.label}.${part}`,
    shape: [Math.min(rowsPerPart, rows - first), ...source.shape.slice(1)],
    byteOffset: source.byteOffset + (bytesOf(source) / rows) * first,
  };
}
