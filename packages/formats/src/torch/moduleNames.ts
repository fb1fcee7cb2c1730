import { ArgumentError } from "@convoy/core";
import type { StateDict } from "../pytorch/readPytorch.js";
import { layoutOf } from "./layouts.js";
import type { NamedLayer } from "./namedLayers.js";

/** Which module of PyTorch a layer is: by name in an object, or by a function; "" and undefined for none. */
export type ModuleNames = { readonly [layer: string]: string } | ((layer: string) => string | undefined);

/** A layer and the modules that it takes its weights from, one for most layers. */
export interface Assignment extends NamedLayer {
  readonly modules: readonly string[];
}

/** Layers of `applications.resnet18` and what torchvision and timm call them. */
function resnetName(layer: string): string | undefined {
  const stem = /^conv1_(conv|bn)$/.exec(layer);
  if (stem !== null) {
    return stem[1] === "conv" ? "conv1" : "bn1";
  }
  if (layer === "predictions") {
    return "fc";
  }
  const [, stage, block, part, kind] = /^conv(\d+)_block(\d+)_(\d+)_(conv|bn)$/.exec(layer) ?? [];
  if (stage === undefined) {
    return undefined;
  }
  const prefix = `layer${Number(stage) - 1}.${Number(block) - 1}`;
  return part === "0"
    ? `${prefix}.downsample.${kind === "conv" ? 0 : 1}`
    : `${prefix}.${kind === "conv" ? "conv" : "bn"}${part}`;
}

/** The modules of a state dict that have weights, in its order. */
export function modulesOf(state: StateDict): string[] {
  const modules = new Set<string>();
  for (const name of state.keys()) {
    if (!name.endsWith("num_batches_tracked")) {
      modules.add(name.slice(0, Math.max(0, name.lastIndexOf("."))));
    }
  }
  return [...modules];
}

function expanded(layer: NamedLayer, name: string | undefined): Assignment {
  const parts = layoutOf(layer.layer)?.modules ?? [""];
  return { ...layer, modules: name === undefined || name === "" ? [] : parts.map((part) => name + part) };
}

/**
 * Says which module each layer takes its weights from: by the names given, by the layers' own, by those of torchvision, or, where none
 * of these is in the state dict, in order. Throws `ArgumentError` where the order cannot be told.
 */
export function assignModules(
  layers: readonly NamedLayer[],
  state: StateDict,
  names: ModuleNames | undefined,
): Assignment[] {
  if (names !== undefined) {
    const lookUp =
      typeof names === "function" ? names : (layer: string) => (Object.hasOwn(names, layer) ? names[layer] : undefined);
    return layers.map((layer) => expanded(layer, lookUp(layer.name)));
  }
  const modules = modulesOf(state);
  const known = new Set(modules);
  for (const rule of [(layer: string) => layer, resnetName]) {
    const assigned = layers.map((layer) => expanded(layer, rule(layer.name)));
    if (assigned.every((entry) => entry.modules.length > 0 && entry.modules.every((module) => known.has(module)))) {
      return assigned;
    }
  }
  return inOrder(layers, modules);
}

function inOrder(layers: readonly NamedLayer[], modules: readonly string[]): Assignment[] {
  let next = 0;
  const assigned = layers.map((layer) => {
    const count = layoutOf(layer.layer)?.modules.length ?? 0;
    const taken = modules.slice(next, next + count);
    next += count;
    return { ...layer, modules: taken };
  });
  if (next !== modules.length) {
    throw new ArgumentError(
      `the model has ${next} layers with weights (${listed(layers.map(({ name }) => name))}), the state dict ${modules.length} modules ` +
        `(${listed(modules)}), so they cannot be taken in order. Say which belong together: names: { layer: "module" }`,
    );
  }
  return assigned;
}

function listed(names: readonly string[]): string {
  return names.slice(0, 12).join(", ") + (names.length > 12 ? ", ..." : "");
}
