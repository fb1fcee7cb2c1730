import {
  type ArgumentType,
  expanded,
  type KernelArguments,
  type KernelName,
  layoutOf,
  type SharedArguments,
} from "./kernelLayout.js";
import { sharedLayouts } from "./kernelTable/index.js";

/** The value of one argument: an address, a whole number or a float32. */
export interface Argument {
  readonly name: string;
  readonly type: ArgumentType;
  readonly value: number;
}

/** One kernel over a number of tasks. */
export interface Launch {
  readonly kernel: KernelName;
  readonly tasks: number;
  /** In the order in which the kernel reads them. */
  readonly args: readonly Argument[];
}

function argumentsOf(
  layout: Readonly<Record<string, ArgumentType>>,
  values: Readonly<Record<string, number>>,
): Argument[] {
  return Object.entries(layout).map(([name, type]) => ({ name, type, value: values[name]! }));
}

/** A kernel with its arguments. `following` are those that it reads behind its own. */
export function launch<K extends KernelName>(
  kernel: K,
  tasks: number,
  values: KernelArguments<K>,
  following: readonly Argument[] = [],
): Launch {
  return { kernel, tasks, args: [...argumentsOf(layoutOf(kernel), values), ...following] };
}

/** The arguments of a pooling, for a kernel that has one behind its own. */
export function poolingArguments(values: SharedArguments<"pooling">): Argument[] {
  return argumentsOf(expanded(sharedLayouts.pooling), values).map((argument) => ({
    ...argument,
    name: `pooling.${argument.name}`,
  }));
}

/** The block of elements that a task takes, and the number of tasks, for about `target` of `length` elements a task. */
export function elementBlocks(length: number, target: number): { block: number; tasks: number } {
  const tasks = Math.max(1, Math.ceil(length / target));
  // Whole cache lines, so that two tasks never write the same line.
  const block = Math.ceil(length / tasks / 16) * 16;
  return { block, tasks: Math.max(1, Math.ceil(length / block)) };
}

/** The block of rows that a task takes, and the number of tasks, for about `target` elements a task. */
export function rowBlocks(rows: number, rowSize: number, target: number): { block: number; tasks: number } {
  const block = Math.max(1, Math.min(rows, Math.round(target / rowSize)));
  return { block, tasks: Math.ceil(rows / block) };
}
