import { PlanError } from "../errors.js";
import { type Graph, type GraphValue, samePlacement } from "./graph.js";

/**
 * Follows reshapes back to the tensors that own the memory and returns the owner of each tensor by id: itself unless it is
 * a reshape. A place outside the arena that one name has, all names of that memory get; throws `PlanError` where two differ.
 */
export function resolveReshapes(graph: Graph): (id: number) => number {
  const owners = new Map<number, number>();
  const owner = (id: number): number => owners.get(id) ?? id;
  const reshapes = graph.operations.filter(({ op }) => op === "reshape");
  for (const { inputs, outputs } of reshapes) {
    owners.set(outputs[0]!.id, owner(inputs[0]!.id));
    share(outputs[0]!, graph.values[owner(inputs[0]!.id)]!);
  }
  for (const { outputs } of reshapes) {
    share(graph.values[owner(outputs[0]!.id)]!, outputs[0]!);
  }
  return owner;
}

function share(from: GraphValue, to: GraphValue): void {
  if (from.placement === undefined) {
    return;
  }
  if (to.placement !== undefined && !samePlacement(to.placement, from.placement)) {
    throw new PlanError(
      `reshape: ${from.label} has its place in "${from.placement.buffer}" at ${from.placement.offset}, but is the same ` +
        `memory as ${to.label}, which has its place in "${to.placement.buffer}" at ${to.placement.offset}`,
    );
  }
  to.placement = from.placement;
}
