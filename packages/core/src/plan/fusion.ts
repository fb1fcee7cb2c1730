import { type FusedName, fusedNames, fusedOps } from "./fusedOps.js";
import { type Candidates, candidatesOf, type Flow } from "./fusionCandidates.js";
import { type GraphOperation, type GraphValue, updatedInputs } from "./graph.js";
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
  let schedule: readonly ScheduledOp[] = operations;
  /** Takes the first, which is the longest, that can run as one and that the backend accepts. */
  const take = (name: FusedName, candidates: Candidates): void => {
    for (const parts of candidates) {
      const group: FusedGroup = { name, parts };
      const free = parts.length > 1 && !parts.some((part) => taken.has(part));
      const merged = free ? withGroup(schedule, group, owner) : undefined;
      if (merged !== undefined && accepts(group)) {
        schedule = merged;
        for (const part of parts) {
          taken.add(part);
        }
        return;
      }
    }
  };
  for (const name of fusedNames.filter((known) => fusions.includes(known))) {
    for (const candidates of candidatesOf(flow, fusedOps[name])) {
      take(name, candidates);
    }
  }
  return [...schedule];
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

/**
 * The schedule with the parts as one, at the place of the last or else of the first; undefined where an op in between
 * touches what the parts that would be moved past it touch.
 */
function withGroup(
  schedule: readonly ScheduledOp[],
  group: FusedGroup,
  owner: (id: number) => number,
): ScheduledOp[] | undefined {
  const { parts } = group;
  const isPart = (scheduled: ScheduledOp): boolean => !isGroup(scheduled) && parts.includes(scheduled);
  const canMove = (part: GraphOperation, place: GraphOperation): boolean => {
    const [from, to] = [schedule.indexOf(part), schedule.indexOf(place)].toSorted((a, b) => a - b);
    const passed = schedule.slice(from, to).filter((scheduled) => !isPart(scheduled));
    return passed.every((scheduled) => operationsOf(scheduled).every((other) => areIndependent(part, other, owner)));
  };
  const place = [parts[parts.length - 1]!, parts[0]!].find((candidate) =>
    parts.every((part) => canMove(part, candidate)),
  );
  return (
    place && schedule.flatMap((scheduled) => (scheduled === place ? [group] : isPart(scheduled) ? [] : [scheduled]))
  );
}

/** The ops of the graph that a scheduled op consists of. */
export function operationsOf(scheduled: ScheduledOp): readonly GraphOperation[] {
  return isGroup(scheduled) ? scheduled.parts : [scheduled];
}

/** Whether two ops may change places: neither writes what the other reads or writes. */
function areIndependent(a: GraphOperation, b: GraphOperation, owner: (id: number) => number): boolean {
  const share = (some: readonly GraphValue[], others: readonly GraphValue[]): boolean =>
    some.some((one) => others.some((other) => owner(one.id) === owner(other.id) || overlap(one, other)));
  return !share(written(a), b.inputs) && !share(written(a), written(b)) && !share(a.inputs, written(b));
}

function written(operation: GraphOperation): readonly GraphValue[] {
  return [...operation.outputs, ...updatedInputs(operation)];
}
