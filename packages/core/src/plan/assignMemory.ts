import { bytesOf, dtypeBytes, type TensorSpec } from "../ops/definition.js";
import type { KernelName } from "../ops/index.js";
import { type FusedGroup, isGroup, operationsOf, type ScheduledOp } from "./fusion.js";
import { type Graph, type GraphOperation, opDefinition, updatedInputs } from "./graph.js";
import { groupInstance, groupTensors, operationInstance } from "./instances.js";
import { type Lifetime, planArena } from "./memory.js";
import type { InPlacePair, OpInstance, Plan, PlanOp, PlanValue } from "./plan.js";

interface MemoryRequest {
  readonly graph: Graph;
  readonly scheduled: readonly ScheduledOp[];
  /** The tensor whose memory a tensor stands in. */
  readonly owner: (id: number) => number;
  /** Ids of the tensors that must live until the end of the step. */
  readonly kept: ReadonlySet<number>;
  readonly workspaceBytes: (op: OpInstance) => number;
  /** Which outputs of an op may be written over which of its inputs, by position. */
  readonly inPlace: (op: OpInstance) => readonly InPlacePair[];
}

/** Finds out how long each tensor is needed, places it in the arena and writes the ops over the placed values. */
export function assignMemory(request: MemoryRequest): Pick<Plan, "values" | "ops" | "arenaBytes"> {
  const { graph, scheduled, owner, kept } = request;
  const internal = internalValues(scheduled, owner, kept);
  const instances = scheduled.map((op) => (isGroup(op) ? groupInstance(op) : operationInstance(op)));
  const workspaces = instances.map(request.workspaceBytes);
  // Workspaces are values as well, numbered after those of the graph.
  const workspaceId = (step: number): number => graph.values.length + step;

  const lifetimes = new Map<number, Lifetime>();
  const extend = (id: number, bytes: number, step: number, last = step): void => {
    const known = lifetimes.get(id);
    lifetimes.set(id, { id, bytes, first: known?.first ?? step, last });
  };
  scheduled.forEach((op, step) => {
    for (const { id } of operationsOf(op).flatMap(({ inputs, outputs }) => [...inputs, ...outputs])) {
      const storage = graph.values[owner(id)]!;
      if (storage.placement === undefined && !internal.has(storage.id)) {
        extend(storage.id, bytesOf(storage), step, kept.has(storage.id) ? scheduled.length : step);
      }
    }
    if (workspaces[step]! > 0) {
      extend(workspaceId(step), workspaces[step]!, step);
    }
  });
  const { blocks, blockOf, inPlace } = sharedBlocks(lifetimes, owner, scheduled, (step) =>
    request.inPlace(instances[step]!),
  );
  const arena = planArena(blocks);

  const values = new Map<number, PlanValue>();
  for (const { id, label, shape, dtype } of usedValues(graph, scheduled)) {
    const storage = graph.values[owner(id)]!;
    const place = storage.placement
      ? { buffer: storage.placement.buffer, byteOffset: storage.placement.offset * dtypeBytes[dtype] }
      : internal.has(storage.id)
        ? { byteOffset: 0 }
        : { buffer: "arena", byteOffset: arena.offsets.get(blockOf(storage.id))! };
    values.set(id, { id, label, shape, dtype, ...place });
  }
  workspaces.forEach((bytes, step) => {
    if (bytes > 0) {
      const id = workspaceId(step);
      const byteOffset = arena.offsets.get(id)!;
      values.set(id, { id, label: "workspace", shape: [bytes], dtype: "uint8", buffer: "arena", byteOffset });
    }
  });

  const ops = scheduled.map((op, step): PlanOp => {
    const workspace = workspaces[step]! > 0 ? { workspace: workspaceId(step) } : {};
    const over = inPlace[step]!.length > 0 ? { inPlace: inPlace[step]! } : {};
    return { ...(isGroup(op) ? groupOp(op, internal) : singleOp(op)), ...workspace, ...over };
  });
  return { values: [...values.values()].sort((a, b) => a.id - b.id), ops, arenaBytes: arena.bytes };
}

/** What lies where others lay: blocks of memory, and which outputs an op writes over which inputs. */
interface SharedBlocks {
  readonly blocks: readonly Lifetime[];
  /** The block of a tensor. */
  readonly blockOf: (id: number) => number;
  /** By the position of the op. */
  readonly inPlace: readonly (readonly InPlaceValues[])[];
}

type InPlaceValues = NonNullable<PlanOp["inPlace"]>[number];

/** Has outputs take over the memory of inputs that end where they begin, as far as the backend can write one over the other. */
function sharedBlocks(
  lifetimes: ReadonlyMap<number, Lifetime>,
  owner: (id: number) => number,
  scheduled: readonly ScheduledOp[],
  pairsOf: (step: number) => readonly InPlacePair[],
): SharedBlocks {
  const blocks = new Map(lifetimes);
  const shared = new Map<number, number>();
  const blockOf = (id: number): number => shared.get(id) ?? id;
  const inPlace = scheduled.map((op, step) => {
    const { inputs, outputs } = isGroup(op) ? groupTensors(op) : op;
    const pairs = pairsOf(step).map(({ input, output }) => ({ input: inputs[input]!.id, output: outputs[output]!.id }));
    return pairs.filter(({ input, output }) => {
      const block = blocks.get(blockOf(owner(input)));
      const added = blocks.get(owner(output));
      const readOnce = inputs.filter(({ id }) => owner(id) === owner(input)).length === 1;
      const fits = block?.last === step && added?.first === step && block.bytes === added.bytes;
      if (!(fits && readOnce)) {
        return false;
      }
      blocks.set(block.id, { ...block, last: added.last });
      blocks.delete(added.id);
      shared.set(added.id, block.id);
      return true;
    });
  });
  return { blocks: [...blocks.values()], blockOf, inPlace };
}

/** Tensors that only the parts of one fused op write and read. */
function internalValues(
  scheduled: readonly ScheduledOp[],
  owner: (id: number) => number,
  kept: ReadonlySet<number>,
): Set<number> {
  const readOutside = new Set(kept);
  for (const op of scheduled) {
    const own = new Set(operationsOf(op).flatMap(({ outputs }) => outputs.map(({ id }) => id)));
    for (const { id } of operationsOf(op).flatMap(({ inputs }) => inputs)) {
      if (!own.has(id)) {
        readOutside.add(owner(id));
      }
    }
  }
  return new Set(
    scheduled
      .filter(isGroup)
      .flatMap(({ parts }) => parts.flatMap(({ outputs }) => outputs))
      .filter((value) => value.placement === undefined && !readOutside.has(owner(value.id)))
      .map(({ id }) => id),
  );
}

function usedValues(graph: Graph, scheduled: readonly ScheduledOp[]): (TensorSpec & { id: number; label: string })[] {
  const ids = new Set(
    scheduled.flatMap((op) =>
      operationsOf(op).flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map(({ id }) => id)),
    ),
  );
  return [...ids].map((id) => graph.values[id]!);
}

function singleOp(operation: GraphOperation): PlanOp {
  const definition = opDefinition(operation.op);
  const { attributes, inputs, outputs, label } = operation;
  const updates = updatedInputs(operation);
  const moved = [...inputs, ...outputs, ...updates].reduce((sum, value) => sum + bytesOf(value), 0);
  return {
    op: operation.op as KernelName,
    attributes,
    inputs: inputs.map(({ id }) => id),
    outputs: outputs.map(({ id }) => id),
    updates: updates.map(({ id }) => id),
    label,
    flops: definition.flops(inputs, outputs, attributes),
    bytes: definition.bytes?.(inputs, outputs, attributes) ?? moved,
  };
}

function groupOp({ name, parts }: FusedGroup, internal: ReadonlySet<number>): PlanOp {
  const ops = parts.map(singleOp);
  const written = new Set(ops.flatMap(({ outputs }) => outputs));
  const specs = new Map(
    parts.flatMap(({ inputs, outputs }) => [...inputs, ...outputs].map((value) => [value.id, value] as const)),
  );
  const inputs = [...new Set(ops.flatMap((op) => op.inputs))].filter((id) => !written.has(id));
  const outputs = [...written].filter((id) => !internal.has(id));
  return {
    op: name,
    attributes: {},
    inputs,
    outputs,
    updates: [...new Set(ops.flatMap(({ updates }) => updates))],
    parts: ops,
    label: parts[0]!.label,
    flops: ops.reduce((sum, { flops }) => sum + flops, 0),
    bytes: [...inputs, ...outputs].reduce((sum, id) => sum + bytesOf(specs.get(id)!), 0),
  };
}
