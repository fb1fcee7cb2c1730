import { sameShape } from "../ops/checks.js";
import {
  type BackwardPattern,
  type ChainPattern,
  type FusedPattern,
  type GradientRole,
  isReader,
  type LossPattern,
} from "./fusedOps.js";
import type { GraphOperation, GraphValue } from "./graph.js";

/** The ops of a graph and who reads what. */
export interface Flow {
  readonly operations: readonly GraphOperation[];
  /** Ids of the values that must exist in memory. */
  readonly kept: ReadonlySet<number>;
  /** By the id of the tensor that owns the memory. */
  readonly readers: ReadonlyMap<number, readonly GraphOperation[]>;
}

/** Ways to fuse the same ops, the longest first: a shorter one may be supported where a longer one is not. */
export type Candidates = readonly (readonly GraphOperation[])[];

/** Every place in a graph where a pattern fits. */
export function candidatesOf(flow: Flow, pattern: FusedPattern): Candidates[] {
  switch (pattern.kind) {
    case "chain":
      return chains(flow, pattern);
    case "backward":
      return backwardGroups(flow, pattern);
    case "loss":
      return lossGroups(flow, pattern);
  }
}

/** Forward chains by their head. */
function chains(flow: Flow, pattern: ChainPattern): Candidates[] {
  return flow.operations
    .filter(({ op }) => op === pattern.head)
    .map((head) => {
      const longest = chain(head, pattern, flow);
      return longest.map((_, missing) => longest.slice(0, longest.length - missing));
    });
}

function chain(head: GraphOperation, { tail }: ChainPattern, flow: Flow): GraphOperation[] {
  const parts = [head];
  let from = 0;
  for (;;) {
    const output = parts[parts.length - 1]!.outputs[0]!;
    const [next, ...others] = flow.readers.get(output.id) ?? [];
    const position = next === undefined ? -1 : tail.indexOf(next.op, from);
    if (position < 0 || others.length > 0 || mustExist(output, flow) || next!.inputs[0] !== output) {
      return parts;
    }
    parts.push(next!);
    from = position + 1;
  }
}

/** Whether a value must have memory even if only the parts of a fused op use it. */
function mustExist(value: GraphValue, { kept }: Flow): boolean {
  return kept.has(value.id) || value.placement !== undefined;
}

/** Backward groups, each around the gradient of one linear op's output. */
function backwardGroups(flow: Flow, pattern: BackwardPattern): Candidates[] {
  const gradients = flow.operations
    .filter(({ op }) => op === pattern.anchor)
    .flatMap(({ inputs }) => inputs.filter((input) => anchors(flow, pattern, input)));
  return [...new Set(gradients)].map((gradient) => {
    const consumers = flow.readers.get(gradient.id)!;
    const producers = producersOf(gradient, flow, pattern);
    return [...producers, undefined].map((_, missing) => [...producers.slice(missing), ...consumers]);
  });
}

/** What an op makes of `gradient`; undefined where it is none of the pattern's readers. */
function roleOf(
  operation: GraphOperation,
  gradient: GraphValue,
  { readers }: BackwardPattern,
): GradientRole | undefined {
  return readers.find((reader) => isReader(reader, operation) && operation.inputs[reader.gradient] === gradient)?.role;
}

/** Whether everything that reads `gradient` is one backward op of one linear op: at most one in each role. */
function anchors(flow: Flow, pattern: BackwardPattern, gradient: GraphValue): boolean {
  const consumers = flow.readers.get(gradient.id) ?? [];
  const byRole = new Map(consumers.map((consumer) => [roleOf(consumer, gradient, pattern), consumer]));
  const [input, kernel] = [byRole.get("input"), byRole.get("kernel")];
  return (
    byRole.size === consumers.length &&
    !byRole.has(undefined) &&
    consumers.some(({ op }) => op === pattern.anchor) &&
    (input === undefined || kernel === undefined || belongTogether(input, kernel, pattern))
  );
}

/** A gradient may reach two linear ops whose outputs were added: its two backward ops must be of the same one. */
function belongTogether(input: GraphOperation, kernel: GraphOperation, { shared }: BackwardPattern): boolean {
  return (
    shared.every((name) => String(input.attributes[name]) === String(kernel.attributes[name])) &&
    sameShape(kernel.inputs[0]!.shape, input.outputs[0]!.shape) &&
    sameShape(kernel.outputs[0]!.shape, input.inputs[1]!.shape)
  );
}

/** The elementwise ops that compute the gradient and whose results nothing else needs, first op first. */
function producersOf(gradient: GraphValue, flow: Flow, { producers }: BackwardPattern): GraphOperation[] {
  const parts: GraphOperation[] = [];
  let value = gradient;
  for (const op of producers) {
    const producer = flow.operations.find((operation) => operation.op === op && operation.outputs[0] === value);
    const needed = mustExist(value, flow) || (value !== gradient && flow.readers.get(value.id)?.length !== 1);
    if (producer !== undefined && !needed) {
      parts.unshift(producer);
      value = producer.inputs[0]!;
    }
  }
  return parts;
}

/** A loss with what follows from it, by the loss. */
function lossGroups({ operations }: Flow, { head, followers }: LossPattern): Candidates[] {
  return operations
    .filter(({ op }) => op === head)
    .map((loss) => {
      const found = followers.flatMap(({ op, reads }) => {
        const tensors = reads.map((read) => ("input" in read ? loss.inputs[read.input] : loss.outputs[read.output]));
        const follower = operations.find(
          (operation) => operation.op === op && tensors.every((tensor, index) => operation.inputs[index] === tensor),
        );
        return follower ? [follower] : [];
      });
      return subsets(found).map((parts) =>
        [loss, ...parts].toSorted((a, b) => operations.indexOf(a) - operations.indexOf(b)),
      );
    });
}

/** Every choice among `items` but none at all: larger ones first, then those of later items. */
function subsets<T>(items: readonly T[]): T[][] {
  const choices = Array.from({ length: 2 ** items.length - 1 }, (_, index) => 2 ** items.length - 1 - index);
  return choices.map((bits) => items.filter((_, index) => (bits >> index) & 1)).toSorted((a, b) => b.length - a.length);
}
