import { formatShape, ModelFileError } from "@convoy/core";
import type { FileTensor } from "../../hdf5/readHdf5.js";
import { currentClassName } from "../topology/keras1.js";
import type { FileLayer } from "../topology/readTopology.js";

/** Weights of a file by name, in the order of the file; numbers are read when they are wanted. */
export interface NamedWeight {
  readonly name: string;
  readonly shape: readonly number[];
  read(): FileTensor;
}

/** A layer with weights, and the names of the models around it. */
export interface Leaf {
  readonly file: FileLayer;
  readonly path: readonly string[];
  readonly trainable: boolean;
}

/** A weight that a layer needs. */
export interface Slot {
  readonly leaf: Leaf;
  readonly index: number;
  readonly name: string;
  readonly shape: readonly number[];
  readonly trainable: boolean;
}

/**
 * The layers that have weights, models within taken apart, in the order of the file. Each is there once, however many of the models
 * share it.
 */
export function leavesOf(
  layers: readonly FileLayer[],
  path: readonly string[] = [],
  trainable = true,
  seen: Set<FileLayer["layer"]> = new Set(),
): Leaf[] {
  const leaves: Leaf[] = [];
  for (const file of layers) {
    const own = trainable && file.trainable;
    if (seen.has(file.layer)) {
      continue;
    }
    seen.add(file.layer);
    if (file.layers !== undefined) {
      leaves.push(...leavesOf(file.layers, [...path, file.name], own, seen));
    } else if ((file.layer.weights?.parameters.length ?? 0) > 0) {
      leaves.push({ file, path: [...path, file.name], trainable: own });
    }
  }
  return leaves;
}

/** What a layer needs, in Keras' order. */
export function slotsOf(leaf: Leaf): Slot[] {
  return leaf.file.layer.weights!.parameters.map(({ name, shape, trainable = true }, index) => ({
    leaf,
    index,
    name,
    shape,
    trainable: trainable && leaf.trainable,
  }));
}

/** Other names of weights, in files of one version of Keras or another. */
const otherNames: Readonly<Record<string, readonly string[]>> = {
  kernel: ["kernel", "depthwise_kernel", "W"],
  bias: ["bias", "b"],
  moving_mean: ["moving_mean", "running_mean"],
  // Keras 1 called it a deviation; it is the variance.
  moving_variance: ["moving_variance", "running_std", "running_var"],
  alpha: ["alpha", "alphas"],
};

/** The last part of a weight's name: "model/conv2d_1/kernel:0" and "conv2d_1_W:0" end in "kernel" and "W". */
export function matchesName(slot: Slot, name: string): boolean {
  const plain = name.replace(/:\d+$/, "");
  const last = plain.slice(plain.lastIndexOf("/") + 1);
  const layer = slot.leaf.file.name;
  const own = last.startsWith(`${layer}_`) ? last.slice(layer.length + 1) : last;
  return (otherNames[slot.name] ?? [slot.name]).includes(own);
}

/** The name without what stands for the weight itself: "model/conv2d_1". */
function ownerName(name: string): string {
  const plain = name.replace(/:\d+$/, "");
  return plain.slice(0, Math.max(0, plain.lastIndexOf("/")));
}

/** Sets weights of layers from those of a file, one for each slot. Throws `ModelFileError` where shapes differ. */
export async function fillSlots(slots: readonly Slot[], weights: readonly NamedWeight[], where: string): Promise<void> {
  const byLayer = new Map<FileLayer["layer"], { readonly slot: Slot; readonly weight: NamedWeight }[]>();
  slots.forEach((slot, position) => {
    const { file } = slot.leaf;
    const weight = weights[position]!;
    if (!fits(slot, weight)) {
      throw new ModelFileError(
        `${where}: ${weight.name} has shape ${formatShape(weight.shape)}, but ${slot.name} of layer ${file.name} ` +
          `(${file.className}) is ${formatShape(slot.shape)}; the weights are those of another model`,
      );
    }
    const own = byLayer.get(file.layer) ?? [];
    byLayer.set(file.layer, own);
    own[slot.index] = { slot, weight };
  });
  // A layer at a time, so that the numbers of one alone are there twice.
  for (const [layer, own] of byLayer) {
    await layer.setWeights(own.map(({ slot, weight }) => ({ data: weight.read().data, shape: slot.shape })));
  }
}

/** Whether a weight of a file has the numbers that a slot wants; sizes of 1 do not count, nor do they in Normalization layers. */
function fits(slot: Slot, { shape }: NamedWeight): boolean {
  const same = (a: readonly number[], b: readonly number[]): boolean =>
    a.length === b.length && a.every((size, axis) => size === b[axis]);
  return (
    same(shape, slot.shape) ||
    (currentClassName(slot.leaf.file.className) === "Normalization" &&
      same(
        shape.filter((size) => size !== 1),
        slot.shape.filter((size) => size !== 1),
      ))
  );
}

/**
 * Finds a weight for each slot: by the names of layer and weight where they say it, else by order, in which Keras has the trained
 * ones of a model first. Throws `ModelFileError` that names what is missing.
 */
export function matchWeights(slots: readonly Slot[], weights: readonly NamedWeight[], where: string): NamedWeight[] {
  const byName = matchByName(slots, weights);
  if (byName !== undefined) {
    return byName;
  }
  const orders: Slot[][] = [
    [...slots.filter(({ trainable }) => trainable), ...slots.filter(({ trainable }) => !trainable)],
    [...slots],
  ];
  const usable = weights.filter(({ name }) => !name.endsWith("/count") && !name.endsWith("/count:0"));
  for (const order of orders) {
    if (order.length === usable.length && order.every((slot, index) => fits(slot, usable[index]!))) {
      const found = new Map(order.map((slot, index) => [slot, usable[index]!]));
      return slots.map((slot) => found.get(slot)!);
    }
  }
  throw new ModelFileError(
    `${where} has ${usable.length} weights (${someNames(usable.map(({ name }) => name))}), which fit neither by name nor by order ` +
      `the ${slots.length} of ${someNames(slots.map((slot) => `${slot.leaf.path.join("/")}/${slot.name} ${formatShape(slot.shape)}`))}`,
  );
}

function someNames(names: readonly string[]): string {
  return names.length <= 6 ? names.join(", ") : `${names.slice(0, 6).join(", ")}, ...`;
}

function matchByName(slots: readonly Slot[], weights: readonly NamedWeight[]): NamedWeight[] | undefined {
  const byOwner = new Map<string, NamedWeight[]>();
  for (const weight of weights) {
    const owner = ownerName(weight.name);
    for (const key of new Set([owner, owner.slice(owner.lastIndexOf("/") + 1)])) {
      byOwner.set(key, [...(byOwner.get(key) ?? []), weight]);
    }
  }
  const found: NamedWeight[] = [];
  for (const slot of slots) {
    const { path, file } = slot.leaf;
    const full = byOwner.get(path.join("/"))?.filter(({ name }) => matchesName(slot, name)) ?? [];
    const short = byOwner.get(file.name)?.filter(({ name }) => matchesName(slot, name)) ?? [];
    const candidates = full.length === 1 ? full : short;
    // Layers of the same name in several models: the longest common end of the path says which.
    const best = candidates.length > 1 ? closest(path, candidates) : candidates[0];
    if (best === undefined || !fits(slot, best)) {
      return undefined;
    }
    found.push(best);
  }
  return new Set(found).size === found.length ? found : undefined;
}

function closest(path: readonly string[], candidates: readonly NamedWeight[]): NamedWeight | undefined {
  const common = ({ name }: NamedWeight): number => {
    const parts = ownerName(name).split("/").reverse();
    const own = [...path].reverse();
    const differs = parts.findIndex((part, index) => part !== own[index]);
    return differs < 0 ? parts.length : differs;
  };
  const ranked = candidates.map((weight) => ({ weight, length: common(weight) })).sort((a, b) => b.length - a.length);
  return ranked[0]!.length > ranked[1]!.length ? ranked[0]!.weight : undefined;
}
