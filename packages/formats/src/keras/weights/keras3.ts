import { ModelFileError } from "@convoy/core";
import type { Hdf5Object } from "../../hdf5/readHdf5.js";
import { classSnakeCase } from "../names.js";
import type { FileLayer } from "../topology/readTopology.js";
import { fillSlots, leavesOf, type NamedWeight, slotsOf } from "./assign.js";

/** Groups of several files (shards) as one. */
export class MergedGroup {
  readonly #groups: readonly Hdf5Object[];

  constructor(groups: readonly Hdf5Object[]) {
    this.#groups = groups;
  }

  /** What is at a path in any of the files; undefined where there is nothing. */
  get(path: string): MergedGroup | undefined {
    const found = this.#groups.flatMap((group) => group.get(path) ?? []);
    return found.length === 0 ? undefined : new MergedGroup(found);
  }

  get names(): readonly string[] {
    return [...new Set(this.#groups.flatMap((group) => (group.isDataset ? [] : group.names)))];
  }

  get path(): string {
    return this.#groups[0]!.path;
  }

  /** An attribute that is a text. */
  text(name: string): string | undefined {
    const value = this.#groups.map((group) => group.attribute(name)).find((found) => typeof found === "string");
    return typeof value === "string" ? value : undefined;
  }

  /** The dataset of that name; undefined where there is none. */
  dataset(name: string): Hdf5Object | undefined {
    return this.#groups.flatMap((group) => group.get(name) ?? [])[0];
  }
}

/** Where the layers of a model stand in its group; Keras on Windows wrote "layers\\conv2d" as one name. */
const containers = ["layers/", "layers\\", "_layer_checkpoint_dependencies/", "_layer_checkpoint_dependencies\\"];

/** Whether a file holds weights as Keras 3 writes them. */
export function isKeras3Weights(root: Hdf5Object): boolean {
  return root.names.some((name) => /^(layers|_layer_checkpoint_dependencies)(\\|$)/.test(name));
}

/**
 * Takes the weights of a model from a file of Keras 3: groups are called after the layers' classes, numbered in the order of the
 * layers; newer files say the layer's own name in an attribute.
 */
export async function readKeras3Weights(
  root: MergedGroup,
  layers: readonly FileLayer[],
  where = "layers",
  taken: Set<FileLayer["layer"]> = new Set(),
): Promise<void> {
  const prefix = containers.find((container) => childNames(root, container).length > 0);
  const counts = new Map<string, number>();
  for (const file of layers) {
    const base = classSnakeCase(file.className);
    const count = counts.get(base) ?? 0;
    counts.set(base, count + 1);
    // What several models share stands where it comes first, but counts everywhere.
    if (taken.has(file.layer) || leavesOf([file]).length === 0) {
      continue;
    }
    taken.add(file.layer);
    const numbered = count === 0 ? base : `${base}_${count}`;
    const group = prefix === undefined ? undefined : findLayer(root, prefix, numbered, file.name);
    if (group === undefined) {
      throw new ModelFileError(
        `the weights have no group ${prefix ?? "layers/"}${numbered} for layer ${file.name} (${file.className}); there are ` +
          `${prefix === undefined ? root.names.join(", ") : childNames(root, prefix).join(", ")}`,
      );
    }
    if (file.layers === undefined) {
      await readVariables(group, file);
    } else {
      await readKeras3Weights(group, file.layers, `${where}/${numbered}`, taken);
    }
  }
}

function childNames(root: MergedGroup, prefix: string): readonly string[] {
  return prefix.endsWith("/")
    ? (root.get(prefix)?.names ?? [])
    : root.names.filter((name) => name.startsWith(prefix)).map((name) => name.slice(prefix.length));
}

/** The group of a layer: the one that bears its name, else the one that its class and number lead to. */
function findLayer(root: MergedGroup, prefix: string, numbered: string, name: string): MergedGroup | undefined {
  const nameIn = (group: MergedGroup | undefined): string | undefined => group?.get("vars")?.text("name");
  const byClass = root.get(`${prefix}${numbered}`);
  if (byClass !== undefined && (nameIn(byClass) ?? name) === name) {
    return byClass;
  }
  const named = childNames(root, prefix)
    .map((child) => root.get(`${prefix}${child}`))
    .filter((group) => nameIn(group) === name);
  return (named.length === 1 ? named[0] : undefined) ?? byClass ?? root.get(`${prefix}${name}`);
}

async function readVariables(group: MergedGroup, file: FileLayer): Promise<void> {
  const slots = leavesOf([file]).flatMap(slotsOf);
  const variables = group.get("vars");
  const weights = slots.map(({ index, name }): NamedWeight => {
    const dataset = variables?.dataset(String(index));
    if (dataset === undefined) {
      throw new ModelFileError(
        `HDF5: ${group.path}/vars has no ${index}, ${name} of layer ${file.name} (${file.className}); ` +
          (group.get("vars_lora") === undefined
            ? "the file is damaged or of another model"
            : "quantized weights are not read"),
      );
    }
    return { name: dataset.path, shape: dataset.shape, read: () => dataset.tensor() };
  });
  const extra = variables?.dataset(String(slots.length));
  if (extra !== undefined && file.className !== "Normalization") {
    throw new ModelFileError(
      `HDF5: ${group.path}/vars has more weights than the ${slots.length} of layer ${file.name} (${file.className}): ` +
        "quantized or adapted layers (LoRA) are not read; save the model without",
    );
  }
  await fillSlots(slots, weights, `HDF5 group ${group.path}`);
}
