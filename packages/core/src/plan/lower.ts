import type { Value } from "../ops/definition.js";
import { assignMemory } from "./assignMemory.js";
import type { FusedName } from "./fusedOps.js";
import { type FusedGroup, fuse } from "./fusion.js";
import { type Graph, type GraphOperation, opDefinition } from "./graph.js";
import { groupInstance } from "./instances.js";
import type { InPlacePair, OpInstance, Plan, PlanMode } from "./plan.js";
import { resolveReshapes } from "./reshapes.js";

/** What lowering asks of a backend. */
export interface LoweringTarget {
  /** The fused ops that it has. */
  readonly fusions: readonly FusedName[];
  /** True, or the reason why it cannot run this op. */
  supports(op: OpInstance): true | string;
  /** Scratch memory in bytes that it wants for this op; 0 when absent. */
  workspaceBytes?(op: OpInstance): number;
  /** Which outputs it can write over which inputs, by position; none when absent. */
  inPlace?(op: OpInstance): readonly InPlacePair[];
}

export interface LowerOptions {
  readonly mode: PlanMode;
  readonly batchSize: number;
  /** Scalars that are reported for every step. */
  readonly results: readonly Value[];
  /** Whose fused ops are used; without one, none are. */
  readonly target?: LoweringTarget;
}

/** Turns a graph into a plan: dead ops go, reshapes become names, runs of ops are fused, every tensor gets its memory. */
export function lower(graph: Graph, { mode, batchSize, results, target }: LowerOptions): Plan {
  const owner = resolveReshapes(graph);
  const live = liveOperations(graph, owner, results);
  const resultIds = results.map(({ id }) => owner(id));
  const accepts = (group: FusedGroup): boolean => target?.supports(groupInstance(group)) === true;
  const kept = new Set(resultIds);
  const scheduled = fuse({ operations: live, kept, owner, fusions: target?.fusions ?? [], accepts });
  const workspaceBytes = (op: OpInstance): number => target?.workspaceBytes?.(op) ?? 0;
  const inPlace = (op: OpInstance): readonly InPlacePair[] => target?.inPlace?.(op) ?? [];
  return {
    mode,
    batchSize,
    ...assignMemory({ graph, scheduled, owner, kept, workspaceBytes, inPlace }),
    buffers: usedBuffers(graph, live, owner),
    results: resultIds,
  };
}

/** The ops that a result, a placed tensor or an in-place update depends on, reshapes left out. */
function liveOperations(graph: Graph, owner: (id: number) => number, results: readonly Value[]): GraphOperation[] {
  const needed = new Set(results.map(({ id }) => owner(id)));
  const live: GraphOperation[] = [];
  for (const operation of graph.operations.filter(({ op }) => op !== "reshape").reverse()) {
    const acts = opDefinition(operation.op).updates !== undefined;
    // What is written outside the arena is read by name, as the optimizer reads the gradients.
    const lasts = ({ id }: Value): boolean => needed.has(id) || graph.values[owner(id)]?.placement !== undefined;
    if (acts || operation.outputs.some(lasts)) {
      live.unshift(operation);
      for (const { id } of operation.inputs) {
        needed.add(owner(id));
      }
    }
  }
  return live;
}

function usedBuffers(
  graph: Graph,
  operations: readonly GraphOperation[],
  owner: (id: number) => number,
): Plan["buffers"] {
  const names = new Set(
    operations
      .flatMap(({ inputs, outputs }) => [...inputs, ...outputs])
      .map(({ id }) => graph.values[owner(id)]?.placement?.buffer),
  );
  return Object.fromEntries([...graph.buffers].filter(([name]) => names.has(name)));
}
