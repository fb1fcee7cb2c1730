import { ArgumentError } from "@convoy/core";

type Reference = readonly [layer: string, call: number, output: number];

/** A call of a layer, as topologies have it. */
interface Call {
  readonly layer: string;
  readonly inputs: readonly Reference[];
}

/** Calls of each layer, by their numbers here. */
type Order = ReadonlyMap<string, readonly number[]>;

/** After how many rounds an order counts as one that cannot be found. */
const maxRounds = 100;

/**
 * In which order programs that load a model make the calls of each of its layers. Keras 2 and TensorFlow.js go through the layers
 * again and again and make each call whose inputs are there, then count a layer's calls as they were made: calls that stand in
 * another order in the file get each other's numbers, and the model other connections. Throws `ArgumentError` where no order stays
 * as it is.
 * @param layers names in the order of the file
 * @param calls in an order in which they can run
 */
export function loadingOrder(layers: readonly string[], calls: readonly Call[]): Order {
  const inputs = new Map<string, Call["inputs"][]>();
  for (const call of calls) {
    inputs.set(call.layer, [...(inputs.get(call.layer) ?? []), call.inputs]);
  }
  let order: Order = new Map([...inputs].map(([layer, own]) => [layer, own.map((_, index) => index)]));
  if ([...order.values()].every((own) => own.length === 1)) {
    return order;
  }
  for (let round = 0; round < maxRounds; round++) {
    const made = load(layers, order, inputs);
    if ([...made].every(([layer, own]) => own.every((number, index) => number === order.get(layer)![index]))) {
      return made;
    }
    order = made;
  }
  throw new ArgumentError(
    "layers are called several times in such a way that programs which load the model would mix the calls up; save it in Convoy's own format",
  );
}

/** The order in which calls are made where they stand in this one. */
function load(layers: readonly string[], order: Order, inputs: ReadonlyMap<string, readonly Call["inputs"][]>): Order {
  const done = new Set<string>();
  const key = (layer: string, call: number): string => JSON.stringify([layer, call]);
  const made = new Map<string, number[]>();
  const pending = new Map<string, readonly number[]>();
  for (const [layer, own] of order) {
    // Inputs of the model are there at once.
    const ready = own.filter((number) => inputs.get(layer)![number]!.length === 0);
    made.set(layer, [...ready]);
    for (const number of ready) {
      done.add(key(layer, number));
    }
    pending.set(
      layer,
      own.filter((number) => !ready.includes(number)),
    );
  }
  for (let waiting = true; waiting; ) {
    waiting = false;
    for (const layer of layers) {
      const left = (pending.get(layer) ?? []).filter((number) => {
        const ready = inputs.get(layer)![number]!.every(([name, call]) => done.has(key(name, call)));
        if (ready) {
          done.add(key(layer, number));
          made.get(layer)!.push(number);
        }
        return !ready;
      });
      pending.set(layer, left);
      waiting ||= left.length > 0;
    }
  }
  return made;
}
