import type { Layer } from "../../layers/index.js";
import type { ModelTensors } from "../declare/modelTensors.js";

/** What a model was declared by, for writing it down. */
export interface DeclaredModel {
  readonly seed: number;
  readonly layers: readonly Layer[];
  tensors(): ModelTensors;
}

const declared = new WeakMap<Layer, DeclaredModel>();

/** Says how a model was declared. */
export function registerDeclared(model: Layer, declaration: DeclaredModel): void {
  declared.set(model, declaration);
}

/** How a model was declared; undefined for other layers. */
export function declaredModel(layer: Layer): DeclaredModel | undefined {
  return declared.get(layer);
}
