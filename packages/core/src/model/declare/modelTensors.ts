import { SymbolicTensor, type SymbolicTensors, symbolicList } from "../../layers/layer.js";
import type { NamedTensor } from "./network.js";

/** What a model is made of: the tensors that go in and those that come out. */
export interface ModelTensors {
  readonly inputs: SymbolicTensors;
  readonly outputs: SymbolicTensors;
  /** Whether the inputs are layers that the user declared. */
  readonly declaredInputs: boolean;
}

/** Tensors with their names, where they were given by name. */
export function namedTensors(what: string, tensors: SymbolicTensors): NamedTensor[] {
  const list = symbolicList(what, tensors);
  const names = tensors instanceof SymbolicTensor || Array.isArray(tensors) ? [] : Object.keys(tensors);
  return list.map((tensor, index) => ({ tensor, ...(names[index] === undefined ? {} : { name: names[index] }) }));
}

/** Values one for each tensor, arranged as these are: one, a list or by name. */
export function arranged(like: SymbolicTensors, values: readonly unknown[]): unknown {
  if (like instanceof SymbolicTensor) {
    return values[0];
  }
  return Array.isArray(like)
    ? [...values]
    : Object.fromEntries(Object.keys(like).map((name, index) => [name, values[index]]));
}
