import { sameShape } from "../ops/checks.js";
import type { BackwardPattern, ChainPattern } from "./fusedOps.js";
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

/** Forward chains by their head. */
export function chains(flow: Flow, pattern: ChainPattern): Candidates[] {
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
export function backwardGroups(flow: Flow, pattern: BackwardPattern): Candidates[] {
  const gradients = flow.operations
    .filter(({ op }) => op === pattern.anchor)
    .flatMap(({ inputs }) => inputs.filter((input) => anchors(flow, pattern, input)));
  return [...new Set(gradients)].map((gradient) => {
    const consumers = flow.readers.get(gradient.id)!;
    const producers = producersOf(gradient, flow, pattern);
    return [...producers, undefined].map((_, missing) => [...producers.slice(missing), ...consumers]);
  });
}

/** What an op makes of the gradient of a linear op's output. */
type Role = "input" | "kernel" | "bias";

function roleOf({ op, inputs, attributes }: GraphOperation, gradient: GraphValue): Role | undefined {
  switch (op) {
    case "biasAddBackward":
      return inputs[0] === gradient ? "bias" : undefined;
    case "conv2dBackwardInput":
      return inputs[0] === gradient ? "input" : undefined;
    case "conv2dBackwardFilter":
      return inputs[1] === gradient ? "kernel" : undefined;
    case "matMul": {
      // The kernel gradient is x^T dy, the input gradient dy W^T; a forward product has neither transposition.
      const { transposeA, transposeB } = attributes;
      if (transposeA && !transposeB && inputs[1] === gradient) {
        return "kernel";
      }
      return transposeB && !transposeA && inputs[0] === gradient ? "input" : undefined;
    }
    default:
      return undefined;
  }
}

/** Whether everything that reads `gradient` is one backward op of one linear op: at most one in each role. */
function anchors(flow: Flow, pattern: BackwardPattern, gradient: GraphValue): boolean {
  const consumers = flow.readers.get(gradient.id) ?? [];
  const byRole = new Map(consumers.map((consumer) => [roleOf(consumer, gradient), consumer]));
  const [input, kernel] = [byRole.get("input"), byRole.get("kernel")];
  return (
    byRole.size === consumers.length &&
    !byRole.has(undefined) &&
    consumers.every(({ op }) => pattern.readers.includes(op)) &&
    consumers.some(({ op }) => op === pattern.anchor) &&
    (input === undefined || kernel === undefined || belongTogether(input, kernel))
  );
}

/** A gradient may reach two linear ops whose outputs were added: its two backward ops must be of the same one. */
function belongTogether(input: GraphOperation, kernel: GraphOperation): boolean {
  const settings = ["strides", "padding", "dilation"].map((name) => [input.attributes[name], kernel.attributes[name]]);
  return (
    settings.every(([a, b]) => String(a) === String(b)) &&
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

/** A loss with what follows from its probabilities, by the loss. */
export function lossGroups({ operations }: Flow): Candidates[] {
  return operations
    .filter(({ op }) => op === "softmaxCrossEntropy")
    .map((loss) => {
      const [, labels] = loss.inputs;
      const follower = (name: string): GraphOperation[] => {
        const found = operations.find(
          ({ op, inputs }) => op === name && inputs[0] === loss.outputs[1] && inputs[1] === labels,
        );
        return found ? [found] : [];
      };
      const accuracy = follower("accuracy");
      const backward = follower("softmaxCrossEntropyBackward");
      return [
        [loss, ...accuracy, ...backward],
        [loss, ...backward],
        [loss, ...accuracy],
      ].map((parts) => parts.toSorted((a, b) => operations.indexOf(a) - operations.indexOf(b)));
    });
}
