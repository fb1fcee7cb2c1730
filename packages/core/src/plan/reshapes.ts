import type { Graph } from "./graph.js";

/** Which tensor owns the memory that a tensor stands in. */
export interface ReshapeOwners {
  /** Id of the owner: the tensor itself unless it is a reshape of another. */
  owner(id: number): number;
  /** Ids of the tensors that have a second name. */
  readonly aliased: ReadonlySet<number>;
}

/** Follows reshapes back to the tensors that own the memory. A reshape's placement passes to its owner. */
export function resolveReshapes(graph: Graph): ReshapeOwners {
  const owners = new Map<number, number>();
  for (const { op, inputs, outputs } of graph.operations) {
    if (op === "reshape") {
      const source = owners.get(inputs[0]!.id) ?? inputs[0]!.id;
      owners.set(outputs[0]!.id, source);
      const placement = outputs[0]!.placement;
      if (placement !== undefined) {
        graph.values[source]!.placement = placement;
      }
    }
  }
  return { owner: (id) => owners.get(id) ?? id, aliased: new Set(owners.values()) };
}
