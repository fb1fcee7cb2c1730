import { sameShape } from "../ops/checks.js";
import type { OpName } from "../ops/index.js";
import {
  type BackwardPattern,
  type ChainPattern,
  type FusedPattern,
  type GradientRole,
  isReader,
  type LossPattern,
  type SumsPattern,
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
    case "sums":
      return sumsGroups(flow, pattern);
    case "loss":
      return lossGroups(flow, pattern);
  }
}

/** Forward chains by their head. */
function chains(flow: Flow, pattern: ChainPattern): Candidates[] {
  const { statistics } = pattern;
  return flow.operations
    .filter(({ op }) => op === pattern.head)
    .map((head) => {
      const longest = chain(head, pattern, flow);
      const shorter = longest.map((_, missing) => longest.slice(0, longest.length - missing));
      return statistics === undefined
        ? shorter
        : shorter.flatMap((parts) => {
            const source = parts.find(({ op }) => op === statistics.op);
            return source === undefined ? [] : [withFollowers(parts, source, statistics.followers, flow)];
          });
    });
}

function chain(head: GraphOperation, { tail, statistics }: ChainPattern, flow: Flow): GraphOperation[] {
  const parts = [head];
  let from = 0;
  for (;;) {
    const output = parts[parts.length - 1]!.outputs[0]!;
    const readers = flow.readers.get(output.id) ?? [];
    // Forward ops come first: of several readers the first one is the chain's, or there is none.
    const next = readers[0];
    const position = next === undefined ? -1 : tail.indexOf(next.op, from);
    const shared = readers.length > 1 && next?.op !== statistics?.op;
    if (position < 0 || shared || mustExist(output, flow) || !continues(next!, output)) {
      return parts;
    }
    parts.push(next!);
    from = position + 1;
  }
}

/** Whether an op reads a value where a chain hands it on: once, and at the first place unless places are alike. */
function continues({ op, inputs }: GraphOperation, value: GraphValue): boolean {
  return op === "add" ? inputs.filter((input) => input === value).length === 1 : inputs[0] === value;
}

/** `parts` with the ops that read what `source` computes beside its first output, each behind it. */
function withFollowers(
  parts: readonly GraphOperation[],
  source: GraphOperation,
  followers: readonly OpName[],
  { operations }: Flow,
): GraphOperation[] {
  const statistics = source.outputs.slice(1);
  const found = operations.filter(
    ({ op, inputs }) => followers.some((name) => name === op) && inputs.some((input) => statistics.includes(input)),
  );
  const behind = parts.indexOf(source) + 1;
  return [...parts.slice(0, behind), ...found, ...parts.slice(behind)];
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

/** Sums over a gradient with the ops around them, by the op that adds up. */
function sumsGroups(flow: Flow, { head, producers, follower }: SumsPattern): Candidates[] {
  const { operations, readers } = flow;
  return operations
    .filter(({ op }) => op === head)
    .map((sums) => {
      const before: GraphOperation[] = [];
      let value = sums.inputs[0]!;
      for (const op of producers) {
        const producer = operations.find((operation) => operation.op === op && operation.outputs[0] === value);
        // The gradient itself may be read elsewhere, as by the other side of an addition; what leads to it may not.
        const inner = before.length === 0 || (readers.get(value.id)?.length === 1 && !mustExist(value, flow));
        if (producer !== undefined && inner) {
          before.unshift(producer);
          value = producer.inputs[0]!;
        }
      }
      const after = operations.filter(
        ({ op, inputs }) =>
          op === follower && inputs[0] === sums.inputs[0] && sums.outputs.every((sum) => inputs.includes(sum)),
      );
      return [...before, undefined].map((_, missing) => [...before.slice(missing), sums, ...after]);
    });
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
