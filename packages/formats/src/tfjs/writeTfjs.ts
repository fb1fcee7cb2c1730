import { ArgumentError, type JsonValue, type Model } from "@convoy/core";
import { checkNames } from "../checkNames.js";
import { contentHash } from "../contentHash.js";
import type { Bytes } from "../files/bytes.js";
import { numberToHalf } from "../halfFloat.js";
import { tensorflowJs } from "../keras/topology/dialect.js";
import { type Rename, writeTopology } from "../keras/topology/writeTopology.js";
import {
  kerasJson,
  trainingConfig,
  trainingOf,
  type WriteTrainingOptions,
} from "../keras/training/writeCompileSettings.js";
import { modelWeights, trainedFirst, weightName } from "../keras/weights/writeWeights.js";
import { withoutSharing } from "../keras/withoutSharing.js";
import { tfjsTrainingConfig } from "./trainingConfig.js";

/** Settings of `writeTfjs`. */
export interface WriteTfjsOptions extends WriteTrainingOptions {
  /** Stores weights in fewer bytes, rounded: one, or two. Default: float32 as they are. */
  readonly quantization?: "uint8" | "uint16" | "float16";
}

/** Size of weight files, that of TensorFlow.js' converter: small enough for caches of browsers. */
const shardBytes = 4 * 2 ** 20;

/**
 * A model as TensorFlow.js' layers model: `model.json` and files of weights of at most 4 MiB, by name. `tf.loadLayersModel` loads
 * them. The names of weight files have a hash of their content, so that those of another state of the model never replace them, and
 * caches never mix them up. A compiled model has its optimizer, loss and metrics in the file as Keras' converter writes them and,
 * where TensorFlow.js has them all, also as `tf.loadLayersModel` compiles by; what the optimizer keeps does not go along. Models
 * within that share layers are written as by `writeKeras`. Throws `ArgumentError` for layers and options that
 * TensorFlow.js does not have, and for weights that are NaN or infinite where they are to be quantised to integers.
 */
export async function writeTfjs(model: Model, options: WriteTfjsOptions = {}): Promise<Record<string, Bytes>> {
  checkNames("writeTfjs", options, ["quantization", "includeOptimizer", "warn"]);
  const { quantization } = options;
  if (quantization !== undefined && !["uint8", "uint16", "float16"].includes(quantization)) {
    throw new ArgumentError(`quantization is "${quantization}", expected "uint8", "uint16" or "float16"`);
  }
  const written = await withoutSharing(model);
  const { weights } = await modelWeights(written);
  const training = await trainingOf(model, tensorflowJs, options, false);
  const known = training === undefined ? undefined : tfjsTrainingConfig(training.settings);
  const ordered = trainedFirst(weights);
  const rename = distinctNames(ordered.map(({ slot }) => slot.leaf.path));
  const topology = writeTopology(written, tensorflowJs, { rename, warn: options.warn });
  const names = ordered.map(({ slot }) => `${rename(slot.leaf.path)}/${weightName(slot, tensorflowJs)}`);
  const stored = ordered.map(({ tensor }, index) => store(names[index]!, tensor.data, quantization));
  const bytes = joined(stored.map((weight) => weight.bytes));
  const shards = Math.max(1, Math.ceil(bytes.length / shardBytes));
  const files: Record<string, Bytes> = {};
  const paths = Array.from({ length: shards }, (_, index) => {
    const shard = bytes.slice(index * shardBytes, (index + 1) * shardBytes);
    const path = `group1-shard${index + 1}of${shards}-${contentHash(shard)}.bin`;
    files[path] = shard;
    return path;
  });
  const json = {
    format: "layers-model",
    generatedBy: "convoy",
    convertedBy: null,
    modelTopology: {
      keras_version: "2.15.0",
      backend: "tensorflow",
      model_config: topology,
      ...(training === undefined ? {} : { training_config: trainingConfig(training.settings) }),
    },
    ...(known === undefined ? {} : { trainingConfig: known }),
    weightsManifest: [
      {
        paths,
        weights: ordered.map(({ tensor }, index) => ({
          name: names[index]!,
          shape: [...tensor.shape],
          dtype: "float32",
          ...(stored[index]!.quantization === undefined ? {} : { quantization: stored[index]!.quantization }),
        })),
      },
    ],
  };
  return { "model.json": new TextEncoder().encode(kerasJson(json)), ...files };
}

/**
 * Names for layers by their paths. TensorFlow.js finds weights by the layer's own name, so layers of one name in several models
 * get those of the models in front.
 */
function distinctNames(paths: readonly (readonly string[])[]): Rename {
  const leaves = new Map(paths.map((path) => [JSON.stringify(path), path]));
  const counts = new Map<string, number>();
  for (const path of leaves.values()) {
    counts.set(path.at(-1)!, (counts.get(path.at(-1)!) ?? 0) + 1);
  }
  return (path) => (leaves.has(JSON.stringify(path)) && counts.get(path.at(-1)!)! > 1 ? path.join("_") : path.at(-1)!);
}

interface Stored {
  readonly bytes: Uint8Array;
  readonly quantization?: JsonValue;
}

function store(name: string, data: Float32Array, quantization: WriteTfjsOptions["quantization"]): Stored {
  if (quantization === undefined || data.length === 0) {
    const bytes = new Uint8Array(4 * data.length);
    const view = new DataView(bytes.buffer);
    data.forEach((value, index) => {
      view.setFloat32(4 * index, value, true);
    });
    return { bytes };
  }
  if (quantization === "float16") {
    const bytes = new Uint8Array(2 * data.length);
    const view = new DataView(bytes.buffer);
    data.forEach((value, index) => {
      view.setUint16(2 * index, numberToHalf(value), true);
    });
    return { bytes, quantization: { dtype: "float16" } };
  }
  const steps = quantization === "uint8" ? 255 : 65_535;
  let [min, max] = [Infinity, -Infinity];
  for (const value of data) {
    min = Math.min(min, value);
    max = Math.max(max, value);
  }
  if (!Number.isFinite(min) || !Number.isFinite(max)) {
    throw new ArgumentError(
      `weight ${name} holds NaN or infinite numbers, which quantization "${quantization}" cannot store; leave quantization out, or ` +
        "save a state of the model from before its training diverged",
    );
  }
  const scale = max > min ? (max - min) / steps : 1;
  const size = quantization === "uint8" ? 1 : 2;
  const bytes = new Uint8Array(size * data.length);
  const view = new DataView(bytes.buffer);
  data.forEach((value, index) => {
    const step = Math.round((value - min) / scale);
    if (size === 1) {
      view.setUint8(index, step);
    } else {
      view.setUint16(2 * index, step, true);
    }
  });
  return { bytes, quantization: { min, scale, dtype: quantization } };
}

function joined(parts: readonly Uint8Array[]): Bytes {
  const bytes = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let position = 0;
  for (const part of parts) {
    bytes.set(part, position);
    position += part.length;
  }
  return bytes;
}
