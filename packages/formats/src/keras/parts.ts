import { type JsonValue, type Model, ModelFileError } from "@convoy/core";
import { maxFetched } from "../files/fetchBytes.js";
import type { ModelFiles } from "../files/sources.js";
import { type Hdf5Object, isHdf5, readHdf5 } from "../hdf5/readHdf5.js";
import { expansion } from "../inflate.js";
import { expectObject, isList, isObject, type JsonObject, parseJson } from "../json.js";
import type { LoadOptions } from "../options.js";
import { isZip, ZipArchive } from "../zip.js";
import { type FileLayer, type FileModel, readTopology } from "./topology/readTopology.js";
import { compileLoaded, type FileOptimizer } from "./training/compileLoaded.js";
import { groupWeights, isKeras2Weights, readKeras2Weights } from "./weights/keras2.js";
import { isKeras3Weights, MergedGroup, readKeras3Weights } from "./weights/keras3.js";

/** What a file of Keras holds, before a model is made of it. */
export interface KerasParts {
  /** { class_name, config }; undefined for weights alone. */
  readonly topology: JsonValue | undefined;
  /** Optimizer, loss and metrics. */
  readonly training: JsonValue | undefined;
  /** What the optimizer keeps; absent where the file does not say it. */
  readonly optimizer?: FileOptimizer | undefined;
  /** "keras 3.9.0" */
  readonly producer: string;
  readonly kerasMajor: number;
  /** All its bytes. */
  readonly size: number;
  /** Gives the weights to layers; undefined where there are none. */
  readonly fill: ((layers: readonly FileLayer[]) => Promise<void>) | undefined;
}

/** 1, 2 or 3 from "2.4.0"; TensorFlow.js and files that do not say it go by Keras 2. */
export function kerasMajor(version: unknown): number {
  const [major] = typeof version === "string" ? version.split(".") : [];
  return major === "1" || major === "3" ? Number(major) : 2;
}

/** Takes a file of Keras apart, whichever version wrote it. Throws `ModelFileError` for others and damaged ones. */
export async function openKeras(files: ModelFiles): Promise<KerasParts> {
  const { main, name } = files;
  if (isZip(main)) {
    return { ...(await openZip(main)), size: main.length };
  }
  if (isHdf5(main)) {
    return { ...openHdf5(readHdf5(main)), size: main.length };
  }
  const text = new TextDecoder().decode(main);
  if (!/^\s*\{/.test(text)) {
    throw new ModelFileError(`${name} is neither HDF5 nor a zip archive of Keras; it is damaged or another format`);
  }
  return openJson(name, parseJson(name, text), files);
}

/** The index of weights in several files, or an architecture by itself. */
async function openJson(name: string, value: JsonValue, files: ModelFiles): Promise<KerasParts> {
  const index = expectObject(name, value);
  if (isObject(index.weight_map)) {
    let size = 0;
    const limit = shardLimit(index);
    const shards = await readShards(name, index.weight_map, async (path) => {
      const bytes = await files.sibling(
        path,
        limit === undefined ? undefined : Math.min(maxFetched, Math.max(0, limit - size)),
      );
      size += bytes.length;
      return bytes;
    });
    return { topology: undefined, training: undefined, producer: "keras 3", kerasMajor: 3, fill: shards, size };
  }
  if (typeof index.class_name !== "string") {
    throw new ModelFileError(`${name} is JSON, but neither a model nor an index of weights of Keras`);
  }
  const version = typeof index.keras_version === "string" ? index.keras_version : undefined;
  return {
    topology: index,
    training: undefined,
    producer: `keras ${version ?? "(version not stated)"}`,
    kerasMajor: version === undefined && typeof index.module === "string" ? 3 : kerasMajor(version),
    fill: undefined,
    size: files.main.length,
  };
}

/** What groups and names of HDF5 take for each weight of an index, with much to spare, and for each of its files. */
const bytesAround = { weight: 2 ** 14, file: 2 ** 16 } as const;

/** Most bytes that the files of an index have together, where it says how many its weights take, as Keras does. */
function shardLimit({ metadata, weight_map: map }: JsonObject): number | undefined {
  const total = isObject(metadata) ? metadata.total_size : undefined;
  if (typeof total !== "number" || !(total >= 0)) {
    return undefined;
  }
  const places = Object.values(isObject(map) ? map : {});
  const files = new Set(places.flat()).size;
  return total + bytesAround.weight * places.length + bytesAround.file * files;
}

async function readShards(
  name: string,
  map: { readonly [path: string]: JsonValue },
  read: (path: string) => Promise<Uint8Array> | Uint8Array,
  archiveSize?: number,
): Promise<KerasParts["fill"]> {
  const names = new Set<string>();
  for (const [path, value] of Object.entries(map)) {
    for (const shard of isList(value) ? value : [value]) {
      if (typeof shard !== "string") {
        throw new ModelFileError(`${name}: weight_map names no file for ${path}`);
      }
      names.add(shard);
    }
  }
  if (names.size > 10_000) {
    throw new ModelFileError(`${name}: weight_map names ${names.size} files, more than any model has`);
  }
  const groups: Hdf5Object[] = [];
  for (const shard of names) {
    groups.push(readHdf5(await read(shard), archiveSize));
  }
  return (layers) => readKeras3Weights(new MergedGroup(groups), layers);
}

type Unsized = Omit<KerasParts, "size">;

async function openZip(bytes: Uint8Array): Promise<Unsized> {
  const archive = new ZipArchive(bytes);
  if (!archive.has("config.json")) {
    throw new ModelFileError(
      `zip: there is no config.json in the archive, so it is no model of Keras; it holds ${archive.names.slice(0, 10).join(", ")}`,
    );
  }
  const text = (name: string): string => new TextDecoder().decode(archive.read(name));
  const topology = expectObject("config.json", parseJson("config.json", text("config.json")));
  const metadata = archive.has("metadata.json") ? parseJson("metadata.json", text("metadata.json")) : {};
  const version = isObject(metadata) && typeof metadata.keras_version === "string" ? metadata.keras_version : "3";
  let fill: KerasParts["fill"];
  let optimizer: FileOptimizer | undefined;
  if (archive.has("model.weights.h5")) {
    const root = readHdf5(archive.read("model.weights.h5"), bytes.length);
    fill = fillFrom(root);
    optimizer = optimizerGroup(root.get("optimizer/vars"));
  } else if (archive.has("model.weights.json")) {
    const index = expectObject("model.weights.json", parseJson("model.weights.json", text("model.weights.json")));
    fill = await readShards(
      "model.weights.json",
      expectObject("weight_map", index.weight_map),
      (name) => archive.read(name),
      bytes.length,
    );
  } else {
    throw new ModelFileError(
      `zip: there is no model.weights.h5 in the archive, which holds ${archive.names.slice(0, 10).join(", ")}`,
    );
  }
  return {
    topology,
    training: topology.compile_config,
    optimizer,
    producer: `keras ${version}`,
    kerasMajor: kerasMajor(version),
    fill,
  };
}

function openHdf5(root: Hdf5Object): Unsized {
  const version = root.attribute("keras_version") ?? root.get("model_weights")?.attribute("keras_version");
  const json = (name: string): JsonValue | undefined => {
    const value = root.attribute(name);
    return typeof value === "string" ? parseJson(`HDF5 attribute ${name}`, value) : undefined;
  };
  const topology = json("model_config");
  const weights = root.get("model_weights") ?? root;
  const keras3 = !isKeras2Weights(weights) && isKeras3Weights(weights);
  return {
    topology,
    training: json("training_config"),
    optimizer: optimizerWeights(root.get("optimizer_weights")),
    producer: `keras ${typeof version === "string" ? version : keras3 ? "3" : "(version not stated)"}`,
    kerasMajor: keras3 ? 3 : kerasMajor(version),
    fill: fillFrom(weights),
  };
}

/** What an optimizer of Keras 3 keeps: 0, 1, 2, ... */
function optimizerGroup(group: Hdf5Object | undefined): FileOptimizer | undefined {
  if (group === undefined || group.isDataset) {
    return undefined;
  }
  return {
    variables: () =>
      group.names.map((_, index) => {
        const dataset = group.get(String(index));
        if (dataset === undefined) {
          throw new ModelFileError(`HDF5: ${group.path} has no ${index}; the file is damaged`);
        }
        return { shape: dataset.shape, read: () => dataset.tensor().data };
      }),
    apart: false,
  };
}

/** What an optimizer keeps in an .h5 file, by names that say its order. */
function optimizerWeights(group: Hdf5Object | undefined): FileOptimizer | undefined {
  if (group === undefined || group.isDataset) {
    return undefined;
  }
  const weights = (): ReturnType<typeof groupWeights> => groupWeights(group);
  return {
    variables: () => weights().map(({ shape, read }) => ({ shape, read: () => read().data })),
    get apart() {
      return !weights().some(({ name }) => /_momentum$|\/m\//.test(name));
    },
  };
}

/** Weights in either arrangement. */
function fillFrom(group: Hdf5Object): NonNullable<KerasParts["fill"]> {
  if (isKeras2Weights(group)) {
    return (layers) => readKeras2Weights(group, layers);
  }
  if (isKeras3Weights(group)) {
    return (layers) => readKeras3Weights(new MergedGroup([group]), layers);
  }
  throw new ModelFileError(
    `HDF5: ${group.path || "the file"} has neither layer_names nor a group layers, so it holds no weights of Keras; there are ` +
      `${group.names.slice(0, 10).join(", ") || "no groups"}`,
  );
}

/** The topology that a file or an option gives. */
export function topologyOf(parts: KerasParts, { architecture }: LoadOptions): JsonValue {
  const given =
    architecture === undefined
      ? undefined
      : parseJson("architecture", typeof architecture === "string" ? architecture : jsonOf(architecture));
  const topology = given ?? parts.topology;
  if (topology === undefined) {
    throw new ModelFileError(
      "the file holds weights alone, not the layers that they are of; pass architecture, what Keras' model.to_json() gives, or make " +
        "the model here and call loadWeights(model, source)",
    );
  }
  return isObject(topology) && isObject(topology.model_config) ? topology.model_config : topology;
}

/** JSON of an object that may be anything. */
function jsonOf(value: JsonValue): string {
  try {
    return JSON.stringify(value) ?? "";
  } catch (error) {
    throw new ModelFileError(`architecture is no JSON: ${String(error)}`, { cause: error });
  }
}

/** Makes the model, gives it the weights and, where there is a backend, compiles it. */
export async function finishModel(parts: KerasParts, options: LoadOptions): Promise<Model> {
  const { customObjects = {}, inputShape, backend, warn = console.warn } = options;
  const file: FileModel = readTopology(topologyOf(parts, options), {
    customObjects,
    kerasMajor: parts.kerasMajor,
    warn,
    inputShape,
    // A weight takes a byte or more, but may be compressed. No memory is taken for weights before their numbers are read.
    maxWeights: expansion.perByte * parts.size + 2 ** 16,
  });
  if (parts.fill === undefined) {
    throw new ModelFileError("the file holds layers, but no weights");
  }
  await parts.fill(file.layers);
  const model = file.layer as Model;
  if (backend !== undefined) {
    await compileLoaded(model, backend, parts, warn);
  }
  return model;
}
