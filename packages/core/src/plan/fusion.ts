import {
  type BackwardPattern,
  backwardPatterns,
  type ChainPattern,
  chainPatterns,
  type FusedName,
} from "./fusedOps.js";
import type { GraphOperation, GraphValue } from "./graph.js";

/** A fused op found in a graph: its parts in order. */
export interface FusedGroup {
  readonly name: FusedName;
  readonly parts: readonly GraphOperation[];
}

/** What a plan runs: an op of the graph, or a group of them. */
export type ScheduledOp = GraphOperation | FusedGroup;

/** Whether a scheduled op is a fused group. */
export function isGroup(scheduled: ScheduledOp): scheduled is FusedGroup {
  return "parts" in scheduled;
}

/**
 * Replaces runs of ops by the fused ops that the backend has. `accepts` says whether it takes a group with these very
 * shapes and attributes; `kept` are the ids of values that must exist in memory whatever happens (results).
 */
export function fuse(
  operations: readonly GraphOperation[],
  kept: ReadonlySet<number>,
  fusions: readonly FusedName[],
  accepts: (group: FusedGroup) => boolean,
): ScheduledOp[] {
  const readers = readersOf(operations);
  const taken = new Set<GraphOperation>();
  const groups: FusedGroup[] = [];
  const tryGroup = (name: FusedName, parts: readonly GraphOperation[]): void => {
    const group: FusedGroup = { name, parts };
    if (fusions.includes(name) && isContiguous(operations, parts, readers) && accepts(group)) {
      groups.push(group);
      for (const part of parts) {
        taken.add(part);
      }
    }
  };
  const free = (operation: GraphOperation): boolean => !taken.has(operation);

  for (const operation of operations.filter(free)) {
    const loss = operation.op === "softmaxCrossEntropy" ? softmaxLoss(operation, operations) : [];
    if (loss.length > 1) {
      tryGroup("fusedSoftmaxLoss", loss);
    }
  }
  // Backward groups first: a backward matMul is also the head of the dense chain.
  for (const pattern of backwardPatterns) {
    for (const gradient of gradientsOf(operations, pattern)) {
      const parts = backwardGroup(gradient, pattern, operations, readers, kept);
      if (parts.length > 1 && parts.every(free)) {
        tryGroup(pattern.name, parts);
      }
    }
  }
  for (const pattern of chainPatterns) {
    for (const head of operations.filter((operation) => operation.op === pattern.head && free(operation))) {
      // The longest chain that the backend takes: a shorter one may be supported where a longer one is not.
      for (
        let parts = chain(head, pattern, readers, kept);
        parts.length > 1 && free(head);
        parts = parts.slice(0, -1)
      ) {
        if (parts.every(free)) {
          tryGroup(pattern.name, parts);
        }
      }
    }
  }
  return schedule(operations, groups);
}

/** Each group stands where its last part stood. */
function schedule(operations: readonly GraphOperation[], groups: readonly FusedGroup[]): ScheduledOp[] {
  const groupOf = new Map(groups.flatMap((group) => group.parts.map((part) => [part, group] as const)));
  return operations.flatMap((operation): ScheduledOp[] => {
    const group = groupOf.get(operation);
    if (group === undefined) {
      return [operation];
    }
    return group.parts[group.parts.length - 1] === operation ? [group] : [];
  });
}

function readersOf(operations: readonly GraphOperation[]): Map<number, GraphOperation[]> {
  const readers = new Map<number, GraphOperation[]>();
  for (const operation of operations) {
    for (const { id } of operation.inputs) {
      readers.set(id, [...(readers.get(id) ?? []), operation]);
    }
  }
  return readers;
}

/** Whether the parts can run as one at the place of the last: nothing in between reads what they write. */
function isContiguous(
  operations: readonly GraphOperation[],
  parts: readonly GraphOperation[],
  readers: ReadonlyMap<number, readonly GraphOperation[]>,
): boolean {
  const end = operations.indexOf(parts[parts.length - 1]!);
  return parts
    .flatMap((part) => part.outputs)
    .flatMap((output) => readers.get(output.id) ?? [])
    .every((reader) => parts.includes(reader) || operations.indexOf(reader) > end);
}

function chain(
  head: GraphOperation,
  { tail }: ChainPattern,
  readers: ReadonlyMap<number, readonly GraphOperation[]>,
  kept: ReadonlySet<number>,
): GraphOperation[] {
  const parts = [head];
  let from = 0;
  for (;;) {
    const output = parts[parts.length - 1]!.outputs[0]!;
    const [next, ...others] = readers.get(output.id) ?? [];
    const position = next === undefined ? -1 : tail.indexOf(next.op, from);
    if (position < 0 || others.length > 0 || kept.has(output.id) || output.placement || next!.inputs[0] !== output) {
      return parts;
    }
    parts.push(next!);
    from = position + 1;
  }
}

/** The tensors that are gradients of a linear op's output: what the pattern's anchor reads. */
function gradientsOf(operations: readonly GraphOperation[], pattern: BackwardPattern): GraphValue[] {
  const gradients = operations.flatMap((operation) => {
    if (operation.op !== pattern.anchor) {
      return [];
    }
    if (operation.op === "conv2dBackwardFilter") {
      return [operation.inputs[1]!];
    }
    // matMul: the kernel gradient is x^T dy, the input gradient dy W^T; a forward product has neither transposition.
    const { transposeA, transposeB } = operation.attributes;
    return transposeA && !transposeB ? [operation.inputs[1]!] : transposeB && !transposeA ? [operation.inputs[0]!] : [];
  });
  return [...new Set(gradients)];
}

function backwardGroup(
  gradient: GraphValue,
  pattern: BackwardPattern,
  operations: readonly GraphOperation[],
  readers: ReadonlyMap<number, readonly GraphOperation[]>,
  kept: ReadonlySet<number>,
): GraphOperation[] {
  const consumers = readers.get(gradient.id) ?? [];
  if (
    kept.has(gradient.id) ||
    gradient.placement ||
    !consumers.every((reader) => pattern.readers.includes(reader.op))
  ) {
    return consumers.length > 0 && consumers.every((reader) => pattern.readers.includes(reader.op))
      ? [...consumers]
      : [];
  }
  const parts = [...consumers];
  let value = gradient;
  for (const op of pattern.producers) {
    const producer = operations.find((operation) => operation.op === op && operation.outputs[0] === value);
    const onlyReader = value === gradient || readers.get(value.id)?.length === 1;
    if (producer !== undefined && onlyReader) {
      parts.unshift(producer);
      value = producer.inputs[0]!;
    }
  }
  return parts.sort((a, b) => operations.indexOf(a) - operations.indexOf(b));
}

function softmaxLoss(loss: GraphOperation, operations: readonly GraphOperation[]): GraphOperation[] {
  const probabilities = loss.outputs[1];
  const followers = operations.filter(
    ({ op, inputs }) => (op === "accuracy" || op === "softmaxCrossEntropyBackward") && inputs[0] === probabilities,
  );
  return [loss, ...followers];
}
