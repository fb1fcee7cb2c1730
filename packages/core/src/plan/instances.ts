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
export function groupInstance({ name, parts }: FusedGroup): OpInstance {
  const written = new Map(parts.flatMap(({ outputs }) => outputs.map((output) => [output.id, output] as const)));
  const read = new Map(parts.flatMap(({ inputs }) => inputs.map((input) => [input.id, input] as const)));
  return {
    op: name,
    attributes: {},
    inputs: [...read.values()].filter(({ id }) => !written.has(id)).map(tensorSpec),
    outputs: [...written.values()].map(tensorSpec),
    parts: parts.map(operationInstance),
  };
}

function tensorSpec({ shape, dtype }: Value): Pick<Value, "shape" | "dtype"> {
  return { shape, dtype };
}
