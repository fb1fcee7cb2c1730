import { ArgumentError, type Model } from "@convoy/core";
import type { Hdf5Dataset, Hdf5Group } from "../../hdf5/writeHdf5.js";
import { layersOf } from "../modelTree.js";
import { classSnakeCase } from "../names.js";
import type { Dialect } from "../topology/dialect.js";
import type { FileLayer } from "../topology/readTopology.js";
import { writeLayer } from "../topology/writeLayer.js";
import { leavesOf, type Slot, slotsOf } from "./assign.js";

/** A weight with its numbers. */
export interface WrittenWeight {
  readonly slot: Slot;
  readonly tensor: Hdf5Dataset;
}

/**
 * All weights of a model with the layers that they are of, read from the device once.
 * @param known the weights, where they were read before
 */
export async function modelWeights(
  model: Model,
  known?: readonly Hdf5Dataset[],
): Promise<{ layers: FileLayer[]; weights: WrittenWeight[] }> {
  const layers = layersOf(model);
  const slots = leavesOf(layers).flatMap(slotsOf);
  const values = known ?? (await model.getWeights());
  if (values.length !== slots.length) {
    throw new ArgumentError(
      `the model has ${values.length} weights, but its layers ${slots.length}; that is a defect of Convoy`,
    );
  }
  return { layers, weights: slots.map((slot, index) => ({ slot, tensor: values[index]! })) };
}

/** The name of a weight as a program has it. */
export function weightName({ name, leaf }: Slot, dialect: Dialect): string {
  return name === "kernel" && leaf.file.className === "DepthwiseConv2D" && dialect.major === 2
    ? "depthwise_kernel"
    : name;
}

/** Trained weights of a model first, as Keras 2 has them. */
export function trainedFirst(weights: readonly WrittenWeight[]): WrittenWeight[] {
  return [...weights.filter(({ slot }) => slot.trainable), ...weights.filter(({ slot }) => !slot.trainable)];
}

/** Weights as Keras 2 writes them: a group a layer, with the names of its weights in order. */
export function keras2Group(
  layers: readonly FileLayer[],
  weights: readonly WrittenWeight[],
  dialect: Dialect,
  attributes: NonNullable<Hdf5Group["attributes"]>,
): Hdf5Group {
  // Layers may have any name, such as "constructor", which other objects have already.
  const children: Record<string, Hdf5Group> = Object.create(null);
  for (const file of layers) {
    const own = new Set(leavesOf([file]).map((leaf) => leaf.file.layer));
    const written = trainedFirst(
      weights.filter(({ slot }) => own.has(slot.leaf.file.layer) && slot.leaf.path[0] === file.name),
    );
    const names = written.map(({ slot }) => {
      // Within a model, names begin with the layer.
      const path = slot.leaf.path.length === 1 ? slot.leaf.path : slot.leaf.path.slice(1);
      return `${path.join("/")}/${weightName(slot, dialect)}:0`;
    });
    children[file.name] = {
      attributes: { weight_names: names },
      children: tree(names.map((name, index) => [name, written[index]!.tensor] as const)),
    };
  }
  return { attributes: { layer_names: layers.map(({ name }) => name), ...attributes }, children };
}

/** Groups in groups from paths. */
function tree(entries: readonly (readonly [path: string, dataset: Hdf5Dataset])[]): NonNullable<Hdf5Group["children"]> {
  type Children = Record<string, Hdf5Group | Hdf5Dataset>;
  const root: Children = Object.create(null);
  for (const [path, dataset] of entries) {
    const parts = path.split("/");
    let children = root;
    for (const part of parts.slice(0, -1)) {
      const group = (children[part] ?? { children: Object.create(null) }) as { children: Children };
      children[part] = group;
      children = group.children;
    }
    children[parts.at(-1)!] = dataset;
  }
  return root;
}

/**
 * Weights as Keras 3 writes them: groups by class and number, variables by their number. What several models share stands where it
 * comes first, but counts everywhere.
 */
export function keras3Group(
  layers: readonly FileLayer[],
  weights: readonly WrittenWeight[],
  dialect: Dialect,
): Hdf5Group {
  const byLayer = new Map<FileLayer["layer"], WrittenWeight[]>();
  for (const weight of weights) {
    const { layer } = weight.slot.leaf.file;
    byLayer.set(layer, [...(byLayer.get(layer) ?? []), weight]);
  }
  return { children: { layers: { children: containerChildren(layers, byLayer, dialect, new Set()) } } };
}

function containerChildren(
  layers: readonly FileLayer[],
  byLayer: ReadonlyMap<FileLayer["layer"], readonly WrittenWeight[]>,
  dialect: Dialect,
  seen: Set<FileLayer["layer"]>,
): Record<string, Hdf5Group> {
  const counts = new Map<string, number>();
  const children: Record<string, Hdf5Group> = {};
  for (const file of layers) {
    const base = classSnakeCase(writtenClass(file, dialect));
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    if (seen.has(file.layer)) {
      continue;
    }
    seen.add(file.layer);
    const weights = byLayer.get(file.layer) ?? [];
    const variables: Record<string, Hdf5Dataset> = Object.fromEntries(
      weights.map(({ tensor }, index) => [String(index), tensor]),
    );
    if (file.className === "Normalization") {
      // Keras counts the samples that it has seen.
      variables["2"] = { data: Float32Array.of(0), shape: [] };
    }
    children[count === 0 ? base : `${base}_${count}`] = {
      children: {
        vars: { attributes: { name: file.name }, children: variables },
        ...(file.layers === undefined
          ? {}
          : { layers: { children: containerChildren(file.layers, byLayer, dialect, seen) } }),
      },
    };
  }
  return children;
}

/** The class under which a layer is written. */
function writtenClass({ className, layer, layers, name }: FileLayer, dialect: Dialect): string {
  return layers !== undefined || className === "InputLayer" || layer.config === undefined
    ? className
    : writeLayer(name, className, layer.config, dialect).className;
}
