import type { Value } from "../ops/definition.js";
import type { KernelName } from "../ops/index.js";
import type { FusedGroup } from "./fusion.js";
import type { GraphOperation } from "./graph.js";
import type { OpInstance } from "./plan.js";

/** An op of the graph as a backend is asked about it. */
export function operationInstance({ op, attributes, inputs, outputs }: GraphOperation): OpInstance {
  return { op: op as KernelName, attributes, inputs: inputs.map(tensorSpec), outputs: outputs.map(tensorSpec) };
}

/** A fused op as a backend is asked about it. */
export function groupInstance(group: FusedGroup): OpInstance {
  const { inputs, outputs } = groupTensors(group);
  return {
    op: group.name,
    attributes: {},
    inputs: inputs.map(tensorSpec),
    outputs: outputs.map(tensorSpec),
    parts: group.parts.map(operationInstance),
  };
}

/** All that the parts of a group read and none of them writes, and all that they write. */
export function groupTensors({ parts }: FusedGroup): Pick<GraphOperation, "inputs" | "outputs"> {
  const written = new Map(parts.flatMap(({ outputs }) => outputs.map((output) => [output.id, output] as const)));
  const read = new Map(parts.flatMap(({ inputs }) => inputs.map((input) => [input.id, input] as const)));
  return { inputs: [...read.values()].filter(({ id }) => !written.has(id)), outputs: [...written.values()] };
}

function tensorSpec({ shape, dtype }: Value): Pick<Value, "shape" | "dtype"> {
  return { shape, dtype };
}
