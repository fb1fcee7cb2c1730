import { ArgumentError, listNames } from "../../errors.js";
import type { Layer, LayerCall, SymbolicTensor } from "../../layers/index.js";

/** The calls between some tensors. */
export interface CallOrder {
  /** Each layer once, in Keras' order: those farthest from an output first, then as they are found from the outputs. */
  readonly layers: readonly Layer[];
  /** In an order in which they can run, branch after branch; the inputs' own included. */
  readonly calls: readonly LayerCall[];
}

/**
 * What lies between inputs and outputs. Throws `ArgumentError` where an output depends on an input that is not given, no output
 * on one that is, or an input is not one.
 */
export function orderCalls(inputs: readonly SymbolicTensor[], outputs: readonly SymbolicTensor[]): CallOrder {
  for (const { call } of inputs) {
    if (call.inputs.length > 0) {
      throw new ArgumentError(
        `model: layer ${call.layer.label} gives one of the inputs; inputs are what input({ shape }) returns. ` +
          "To begin in the middle of a model, call its layers on a new input",
      );
    }
  }
  const { calls, found } = walkBack(inputs, outputs);
  for (const { call } of inputs) {
    if (!calls.includes(call)) {
      throw new ArgumentError(
        `model: no output depends on input ${call.layer.label}; leave it out of inputs, or call a layer on it`,
      );
    }
  }
  const depths = layerDepths(calls);
  const layers = [...found].sort((a, b) => depths.get(b)! - depths.get(a)!);
  return { layers, calls };
}

/** Calls in the order in which they can run, and layers in the order in which the way back from the outputs finds them. */
function walkBack(
  inputs: readonly SymbolicTensor[],
  outputs: readonly SymbolicTensor[],
): { calls: LayerCall[]; found: Set<Layer> } {
  const given = new Set(inputs.map(({ call }) => call));
  const done = new Set<LayerCall>();
  const found = new Set<Layer>();
  /** What is being visited: deep networks would overflow the stack of a recursion. */
  const visit = (output: SymbolicTensor): void => {
    const stack = [{ call: output.call, next: 0 }];
    const open = new Set([output.call]);
    if (done.has(output.call)) {
      return;
    }
    found.add(output.call.layer);
    while (stack.length > 0) {
      const top = stack.at(-1)!;
      const { call } = top;
      if (call.inputs.length === 0 && !given.has(call)) {
        throw missingInput(call, inputs, output);
      }
      const before = call.inputs[top.next++]?.call;
      if (before === undefined) {
        done.add(call);
        open.delete(call);
        stack.pop();
      } else if (open.has(before)) {
        throw new ArgumentError(`model: the input of layer ${before.layer.label} depends on its own output, a cycle`);
      } else if (!done.has(before)) {
        found.add(before.layer);
        open.add(before);
        stack.push({ call: before, next: 0 });
      }
    }
  };
  outputs.forEach(visit);
  return { calls: [...done], found };
}

function missingInput(
  { layer }: LayerCall,
  inputs: readonly SymbolicTensor[],
  { call }: SymbolicTensor,
): ArgumentError {
  return new ArgumentError(
    `model: the output of layer ${call.layer.label} depends on input ${layer.label}, which is not among the model's inputs ` +
      `${listNames(inputs.map((tensor) => tensor.call.layer.label))}. Add it to inputs, or call the layers between them on ` +
      "tensors of one model only",
  );
}

/** The number of layers behind each layer, on the longest way to an output. */
function layerDepths(calls: readonly LayerCall[]): Map<Layer, number> {
  const depths = new Map<LayerCall, number>();
  const layers = new Map<Layer, number>();
  for (const call of [...calls].reverse()) {
    // A layer that is called again farther from the outputs counts as being there.
    const depth = Math.max(depths.get(call) ?? 0, layers.get(call.layer) ?? 0);
    depths.set(call, depth);
    layers.set(call.layer, depth);
    for (const { call: before } of call.inputs) {
      depths.set(before, Math.max(depths.get(before) ?? 0, depth + 1));
    }
  }
  return layers;
}
