import { ArgumentError } from "../errors.js";
import { type Graph, type GraphOperation, type GraphValue, updatedInputs } from "./graph.js";
import { overlap } from "./placement.js";

interface Update {
  readonly position: number;
  readonly operation: GraphOperation;
  /** The tensor whose memory is overwritten. */
  readonly storage: GraphValue;
}

/**
 * What ops of a forward graph overwrite, such as a layer's moving mean. Autodiff looks at values as if each had one content:
 * here it finds out where that would make gradients wrong.
 */
export class InPlaceUpdates {
  readonly #graph: Graph;
  readonly #updates: readonly Update[];

  constructor(graph: Graph, forward: readonly GraphOperation[]) {
    this.#graph = graph;
    this.#updates = forward.flatMap((operation, position) =>
      updatedInputs(operation).map((value) => ({ position, operation, storage: storageOf(graph, value) })),
    );
  }

  /** Throws where a gradient that op number `position` gives would pass by an update of the tensor that it read. */
  expectNoneBefore(position: number, input: GraphValue): void {
    const update = this.#find(input, (at) => at < position);
    // A tensor that no op computes, such as a weight, has no gradient to hand on.
    if (update !== undefined && this.#graph.producer(update.storage) !== undefined) {
      throw new ArgumentError(
        `layer ${update.operation.label}: ${update.operation.op} overwrites ${update.storage.label}, which the loss is ` +
          "differentiated through. Update only weights with trainable: false in place, or values made for that update alone",
      );
    }
  }

  /** Throws where an op of the gradient of op number `position` reads what a later op of the forward graph has overwritten. */
  expectNoneAfter(position: number, backward: readonly GraphOperation[]): void {
    for (const input of this.#updates.length > 0 ? backward.flatMap(({ inputs }) => inputs) : []) {
      const update = this.#find(input, (at) => at > position);
      if (update !== undefined) {
        throw new ArgumentError(
          `layer ${update.operation.label}: ${update.operation.op} overwrites ${update.storage.label}, whose old content ` +
            "the gradient of an op before it needs. Update it before it is read",
        );
      }
    }
  }

  #find(value: GraphValue, where: (position: number) => boolean): Update | undefined {
    if (this.#updates.length === 0) {
      return undefined;
    }
    const storage = storageOf(this.#graph, value);
    return this.#updates.find(
      (update) => where(update.position) && (update.storage === storage || overlap(update.storage, storage)),
    );
  }
}

/** Follows reshapes back to the tensor whose memory a value stands in. */
function storageOf(graph: Graph, value: GraphValue): GraphValue {
  const producer = graph.producer(value);
  return producer?.op === "reshape" ? storageOf(graph, producer.inputs[0]!) : value;
}
