/** Every tensor starts at a multiple of this: WebGPU's largest default binding alignment, and whole cache lines. */
export const alignmentBytes = 256;

/** `bytes` rounded up to the alignment. */
export function aligned(bytes: number): number {
  return Math.ceil(bytes / alignmentBytes) * alignmentBytes;
}

/** A block of memory that is needed from step `first` to step `last` of the plan, both included. */
export interface Lifetime {
  readonly id: number;
  readonly bytes: number;
  readonly first: number;
  readonly last: number;
}

/** Where each block goes, by id, and how much memory that takes. */
export interface Arena {
  readonly offsets: ReadonlyMap<number, number>;
  readonly bytes: number;
}

/**
 * Places blocks in one arena so that no two that live at the same time overlap: largest first, each at the lowest offset
 * that is free ("greedy by size", Pisarchyk and Lee, "Efficient memory management for deep neural net inference", 2020).
 */
export function planArena(lifetimes: readonly Lifetime[]): Arena {
  const placed: { readonly start: number; readonly end: number; readonly block: Lifetime }[] = [];
  const bySize = [...lifetimes].sort((a, b) => b.bytes - a.bytes || a.id - b.id);
  for (const block of bySize) {
    const size = aligned(block.bytes);
    const rivals = placed
      .filter((other) => other.block.first <= block.last && block.first <= other.block.last)
      .sort((a, b) => a.start - b.start);
    let start = 0;
    for (const rival of rivals) {
      if (start + size <= rival.start) {
        break;
      }
      start = Math.max(start, rival.end);
    }
    placed.push({ start, end: start + size, block });
  }
  return {
    offsets: new Map(placed.map(({ start, block }) => [block.id, start])),
    bytes: placed.reduce((most, { end }) => Math.max(most, end), 0),
  };
}
