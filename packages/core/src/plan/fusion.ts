import { backwardPatterns, chainPatterns, type FusedName } from "./fusedOps.js";
import { backwardGroups, chains, type Flow, lossGroups } from "./fusionCandidates.js";
import { type GraphOperation, type GraphValue, opDefinition } from "./graph.js";
import { overlap } from "./placement.js";

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

/** What fusion works on. */
export interface FusionRequest {
  readonly operations: readonly GraphOperation[];
  /** Ids of the values that must exist in memory whatever happens: results. */
  readonly kept: ReadonlySet<number>;
  /** The tensor whose memory a tensor stands in. */
  readonly owner: (id: number) => number;
  /** The fused ops that the backend has. */
  readonly fusions: readonly FusedName[];
  /** Whether it takes a group with these very shapes and attributes. */
  readonly accepts: (group: FusedGroup) => boolean;
}

/** Replaces runs of ops by the fused ops that the backend has. */
export function fuse({ operations, kept, owner, fusions, accepts }: FusionRequest): ScheduledOp[] {
  const flow: Flow = { operations, kept, readers: readersOf(operations, owner) };
  const taken = new Set<GraphOperation>();
  const groups: FusedGroup[] = [];
  /** Takes the first, which is the longest, that can run as one and that the backend accepts. */
  const take = (name: FusedName, candidates: readonly (readonly GraphOperation[])[]): void => {
    const group = candidates
      .filter((parts) => parts.length > 1 && !parts.some((part) => taken.has(part)))
      .map((parts): FusedGroup => ({ name, parts }))
      .find((candidate) => runsAsOne(operations, candidate.parts, owner) && accepts(candidate));
    if (group !== undefined) {
      groups.push(group);
      for (const part of group.parts) {
        taken.add(part);
      }
    }
  };
  const has = ({ name }: { readonly name: FusedName }): boolean => fusions.includes(name);

  if (fusions.includes("fusedSoftmaxLoss")) {
    for (const candidates of lossGroups(flow)) {
      take("fusedSoftmaxLoss", candidates);
    }
  }
  // Backward groups first: a backward matMul is also the head of the dense chain.
  for (const pattern of backwardPatterns.filter(has)) {
    for (const candidates of backwardGroups(flow, pattern)) {
      take(pattern.name, candidates);
    }
  }
  for (const pattern of chainPatterns.filter(has)) {
    for (const candidates of chains(flow, pattern)) {
      take(pattern.name, candidates);
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

/** Readers by the tensor that owns the memory: a reshape of a tensor is read in its place. */
function readersOf(
  operations: readonly GraphOperation[],
  owner: (id: number) => number,
): Map<number, readonly GraphOperation[]> {
  const readers = new Map<number, GraphOperation[]>();
  for (const operation of operations) {
    for (const { id } of operation.inputs) {
      readers.set(owner(id), [...(readers.get(owner(id)) ?? []), operation]);
    }
  }
  return readers;
}

/** Whether the parts can run at the place of the last: no op that they would be moved behind touches what they touch. */
function runsAsOne(
  operations: readonly GraphOperation[],
  parts: readonly GraphOperation[],
  owner: (id: number) => number,
): boolean {
  const last = operations.indexOf(parts[parts.length - 1]!);
  const shared = (a: readonly GraphValue[], b: readonly GraphValue[]): boolean =>
    a.some((one) => b.some((other) => owner(one.id) === owner(other.id) || overlap(one, other)));
  return parts.every((part) => {
    const passed = operations.slice(operations.indexOf(part) + 1, last).filter((other) => !parts.includes(other));
    return passed.every(
      (other) =>
        !shared(written(part), other.inputs) &&
        !shared(written(part), written(other)) &&
        !shared(part.inputs, written(other)),
    );
  });
}

function written({ op, inputs, outputs }: GraphOperation): readonly GraphValue[] {
  const updated = (opDefinition(op).updates ?? []).flatMap((position) => inputs[position] ?? []);
  return [...outputs, ...updated];
}
