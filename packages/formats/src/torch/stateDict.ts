import { ArgumentError, type Layer, type Model, type Tensor } from "@convoy/core";
import type { FileLayer } from "../keras/topology/readTopology.js";
import type { StateDict } from "../pytorch/readPytorch.js";
import { fromTorch, layoutOf, toTorch } from "./layouts.js";
import { type Assignment, assignModules, type ModuleNames } from "./moduleNames.js";
import { layersWithWeights, type NamedLayer } from "./namedLayers.js";

/** Settings of `loadStateDict`. */
export interface LoadStateDictOptions {
  /**
   * Which module each layer is: `{ conv2d: "features.0" }` or a function of the layer's name. Default: the layer's own name, or what
   * torchvision calls it, or in order.
   */
  readonly names?: ModuleNames;
  /** Whether each layer must get weights and each tensor must be used, as in PyTorch; default true. */
  readonly strict?: boolean;
  /**
   * What batch normalizations were trained with, default 1e-5 as in PyTorch. Layers must have it, or results would differ; null
   * leaves that alone.
   */
  readonly epsilon?: number | null;
}

/** What did not fit, as PyTorch's `load_state_dict` says it. */
export interface LoadedStateDict {
  /** Weights of layers that the state dict does not have. */
  readonly missing: readonly string[];
  /** Tensors that no layer took. */
  readonly unexpected: readonly string[];
}

/**
 * Loads the tensors of a PyTorch state dict into a model: axes are put in the order of the layers, rows of dense layers behind a
 * flattened image too. Throws `ArgumentError` where names do not fit, `ShapeError` where shapes do not; the model is changed
 * only when all fit.
 */
export async function loadStateDict(
  model: Model<unknown>,
  state: StateDict,
  options: LoadStateDictOptions = {},
): Promise<LoadedStateDict> {
  return await fillFromState(layersWithWeights(model), state, options);
}

/** Layers of a file's model as `loadStateDict` takes them. */
export function namedLayers(layers: readonly FileLayer[], prefix = ""): NamedLayer[] {
  return layers.flatMap(({ name, layer, layers: inner }) => {
    if (inner !== undefined) {
      return namedLayers(inner, `${prefix}${name}.`);
    }
    return (layer.weights?.parameters.length ?? 0) > 0 ? [{ name: `${prefix}${name}`, layer }] : [];
  });
}

/**
 * Loads tensors into some layers. Throws like `loadStateDict`.
 * @param stated epsilons that a file says itself, by module; they come before that of the options
 */
export async function fillFromState(
  layers: readonly NamedLayer[],
  state: StateDict,
  options: LoadStateDictOptions = {},
  stated: ReadonlyMap<string, number> = new Map(),
): Promise<LoadedStateDict> {
  const { names, strict = true, epsilon = 1e-5 } = options;
  const assigned = assignModules(layers, state, names);
  const used = new Set<string>();
  const missing: string[] = [];
  const changes: { layer: Layer; weights: Tensor<Float32Array>[] }[] = [];
  for (const assignment of assigned) {
    const weights = weightsOf(assignment, state, used, missing);
    if (weights !== undefined) {
      expectEpsilon(assignment, stated.get(assignment.modules[0]!) ?? epsilon);
      changes.push({ layer: assignment.layer, weights });
    }
  }
  const unexpected = [...state.keys()].filter((name) => !used.has(name) && !name.endsWith("num_batches_tracked"));
  if (strict && missing.length + unexpected.length > 0) {
    throw new ArgumentError(
      `the state dict does not fit the model. Missing: ${listed(missing)}; unexpected: ${listed(unexpected)}. Say which layer is ` +
        "which module by names, or pass strict: false to load what fits",
    );
  }
  for (const { layer, weights } of changes) {
    await layer.setWeights(weights);
  }
  return { missing, unexpected };
}

/** The weights of one layer; undefined where some are missing, which are noted. */
function weightsOf(
  { name, layer, modules }: Assignment,
  state: StateDict,
  used: Set<string>,
  missing: string[],
): Tensor<Float32Array>[] | undefined {
  const layout = expectLayout({ name, layer });
  const parameters = layer.weights!.parameters;
  const found = layout.weights.map((weight, index) => {
    const module = modules[weight.module];
    const key = module === undefined ? undefined : module === "" ? weight.tensor : `${module}.${weight.tensor}`;
    const tensor = key === undefined ? undefined : state.get(key);
    if (key === undefined || tensor === undefined) {
      missing.push(key ?? `${name}/${parameters[index]!.name}`);
      return undefined;
    }
    used.add(key);
    return fromTorch(`tensor "${key}" for layer ${name}`, tensor, weight, parameters[index]!.shape);
  });
  return found.includes(undefined) ? undefined : (found as Tensor<Float32Array>[]);
}

function expectLayout({ name, layer }: NamedLayer) {
  const layout = layoutOf(layer);
  if (layout === undefined) {
    throw new ArgumentError(
      `layer ${name} (${layer.className}) has weights ${layer.weights!.parameters.map((parameter) => parameter.name).join(", ")}, ` +
        "for which PyTorch has no counterpart",
    );
  }
  return layout;
}

/** Another epsilon gives other results without any sign of it. */
function expectEpsilon({ name, layer }: NamedLayer, wanted: number | null): void {
  const own = layer.className === "BatchNormalization" ? layer.config?.epsilon : undefined;
  if (typeof own === "number" && wanted !== null && Math.abs(own - wanted) > 0.01 * wanted) {
    throw new ArgumentError(
      `layer ${name} has epsilon ${own}, the weights were trained with ${wanted}: make it by batchNormalization({ epsilon: ${wanted}, ` +
        "momentum: 0.9 }), or pass the epsilon that they were trained with: loadStateDict(model, state, { epsilon })",
    );
  }
}

function listed(names: readonly string[]): string {
  return names.length === 0
    ? "nothing"
    : names.slice(0, 8).join(", ") + (names.length > 8 ? `, and ${names.length - 8} more` : "");
}

/** Epsilons of batch normalizations by module, as `toStateDict` names it. */
export function epsilonsOf(model: Model<unknown>): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const { name, layer } of layersWithWeights(model)) {
    const own = layer.className === "BatchNormalization" ? layer.config?.epsilon : undefined;
    if (typeof own === "number") {
      found.set(name, own);
    }
  }
  return found;
}

/** Settings of `toStateDict`. */
export interface ToStateDictOptions {
  /** What modules are called; default the layers' names. */
  readonly names?: ModuleNames;
}

/** The weights of a model as a PyTorch state dict: "conv1.weight" [F,C,KH,KW] and so on. Throws `ArgumentError` for layers that PyTorch lacks. */
export async function toStateDict(model: Model<unknown>, options: ToStateDictOptions = {}): Promise<StateDict> {
  const { names } = options;
  const lookUp = typeof names === "function" ? names : (layer: string) => names?.[layer];
  const state = new Map<string, Tensor>();
  for (const named of layersWithWeights(model)) {
    const layout = expectLayout(named);
    const values = await named.layer.getWeights();
    const module = lookUp(named.name) ?? named.name;
    layout.weights.forEach((weight, index) => {
      const key = `${module}${layout.modules[weight.module]}.${weight.tensor}`;
      if (state.has(key)) {
        throw new ArgumentError(`two layers would give tensor "${key}"; give them other names`);
      }
      state.set(key, toTorch(values[index]!.data, weight));
    });
  }
  return state;
}
