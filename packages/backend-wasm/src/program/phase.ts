import { type KernelName, type KernelSettings, kernels } from "./kernels.js";

/** One kernel over a number of tasks. */
export interface Phase {
  readonly kernel: KernelName;
  readonly tasks: number;
  /** The kernel's settings as 32-bit words. */
  readonly words: readonly number[];
}

const bits = new DataView(new ArrayBuffer(4));

function float32Bits(value: number): number {
  bits.setFloat32(0, value);
  return bits.getUint32(0);
}

/** The settings of a kernel as words, in the order in which it reads them. */
export function settingsWords<K extends KernelName>(kernel: K, settings: KernelSettings<K>): number[] {
  const values = settings as Readonly<Record<string, number>>;
  return Object.entries(kernels[kernel]).map(([name, type]) => {
    const value = values[name]!;
    return type === "f32" ? float32Bits(value) : value >>> 0;
  });
}

/** A kernel with its settings. `following` are words that it expects behind its own. */
export function phase<K extends KernelName>(
  kernel: K,
  tasks: number,
  settings: KernelSettings<K>,
  following: readonly number[] = [],
): Phase {
  return { kernel, tasks, words: [...settingsWords(kernel, settings), ...following] };
}

/** A kernel over blocks of about `target` elements out of `length`: the block's size and the number of tasks. */
export function blocks(length: number, target: number): { block: number; tasks: number } {
  const tasks = Math.max(1, Math.ceil(length / target));
  // Whole cache lines, so that two tasks never write the same line.
  const block = Math.ceil(length / tasks / 16) * 16;
  return { block, tasks: Math.max(1, Math.ceil(length / block)) };
}

/** Rows of one task so that a task has about `target` elements. */
export function rowBlocks(rows: number, rowSize: number, target: number): { block: number; tasks: number } {
  const block = Math.max(1, Math.min(rows, Math.round(target / rowSize)));
  return { block, tasks: Math.ceil(rows / block) };
}
