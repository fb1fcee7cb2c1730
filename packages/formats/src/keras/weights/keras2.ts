import { ModelFileError } from "@convoy/core";
import type { Hdf5Object } from "../../hdf5/readHdf5.js";
import type { FileLayer } from "../topology/readTopology.js";
import { fillSlots, leavesOf, matchWeights, type NamedWeight, slotsOf } from "./assign.js";

/** Whether a group holds weights as Keras 1 and 2 write them, and Keras 3 in the old format. */
export function isKeras2Weights(group: Hdf5Object): boolean {
  return group.attributeNames.some((name) => name === "layer_names" || name === "layer_names0");
}

/** Texts of an attribute, which is cut into several where it would be too long for one: name, or name0, name1, ... */
function texts(group: Hdf5Object, name: string): readonly string[] {
  const one = (key: string): readonly string[] | undefined => {
    const value = group.attribute(key);
    if (value === undefined) {
      return undefined;
    }
    // An empty list is an array of numbers.
    if (value instanceof Float32Array && value.length === 0) {
      return [];
    }
    if (!Array.isArray(value) && typeof value !== "string") {
      throw new ModelFileError(`HDF5: attribute ${key} of ${group.path || "/"} holds no texts`);
    }
    return typeof value === "string" ? [value] : (value as readonly string[]);
  };
  const whole = one(name);
  if (whole !== undefined) {
    return whole;
  }
  const parts: string[] = [];
  for (let index = 0; group.attributeNames.includes(`${name}${index}`); index++) {
    parts.push(...(one(`${name}${index}`) ?? []));
  }
  return parts;
}

/** The weights of a group, by their names. */
export function groupWeights(group: Hdf5Object): NamedWeight[] {
  return texts(group, "weight_names").map((name) => {
    const dataset = group.get(name);
    if (dataset === undefined) {
      throw new ModelFileError(`HDF5: ${group.path} names a weight ${name} that is not there; the file is damaged`);
    }
    return { name, shape: dataset.shape, read: () => dataset.tensor() };
  });
}

/**
 * Takes the weights of a model from a group as Keras 1 and 2 write it: a group a layer, that of a model within with all of its
 * weights. Layers are found by name where all have one of the file, else in their order, as Keras does it.
 */
export async function readKeras2Weights(group: Hdf5Object, layers: readonly FileLayer[]): Promise<void> {
  const names = texts(group, "layer_names");
  const groups = names.map((name) => {
    const found = group.get(name);
    if (found === undefined) {
      throw new ModelFileError(
        `HDF5: ${group.path || "/"} names a layer ${name} that is not there; the file is damaged`,
      );
    }
    return { name, weights: groupWeights(found) };
  });
  const saved = groups.filter(({ weights }) => weights.length > 0);
  const wanted = distinct(layers).filter((file) => leavesOf([file]).length > 0);
  const byName = new Map(saved.map((entry) => [entry.name, entry]));
  const named = wanted.every(({ name }) => byName.has(name));
  if (!named && saved.length !== wanted.length) {
    const missing = wanted.filter(({ name }) => !byName.has(name)).map(({ name }) => name);
    throw new ModelFileError(
      `the file has weights of ${saved.length} layers (${saved.map(({ name }) => name).join(", ")}), the model has ${wanted.length}; ` +
        `there are none for ${missing.join(", ")}`,
    );
  }
  for (const [index, file] of wanted.entries()) {
    const { name, weights } = named ? byName.get(file.name)! : saved[index]!;
    const where = `HDF5 group ${name}`;
    const slots = leavesOf([file]).flatMap(slotsOf);
    const usable = weights.filter((weight) => !/\/count(:0)?$/.test(weight.name));
    const inOrder = file.layers === undefined && usable.length === slots.length;
    if (file.layers === undefined && !inOrder) {
      throw new ModelFileError(
        `${where} has ${usable.length} weights (${usable.map((weight) => weight.name).join(", ")}), layer ${file.name} ` +
          `(${file.className}) has ${slots.length}: ${slots.map((slot) => slot.name).join(", ")}`,
      );
    }
    await fillSlots(slots, inOrder ? usable : matchWeights(slots, usable, where), where);
  }
}

/** Each layer once. */
function distinct(layers: readonly FileLayer[]): FileLayer[] {
  return layers.filter((file, index) => layers.findIndex(({ layer }) => layer === file.layer) === index);
}
