import { brief, isConfig, type JsonValue } from "../config.js";
import { ModelFileError } from "../errors.js";
import type { Bytes } from "./bytes.js";
import { otherFormat } from "./otherFormats.js";
import { type PlainData, packData, unpackData } from "./plainData.js";
import { chunks, read, type StoredTensor, type WritableTensor } from "./safetensors.js";

/** The weights of a layer, by the names of their tensors. */
export interface LayerTensors {
  /** The layer's name in the model. */
  readonly layer: string;
  /** In the layer's order; those of a nested model one after the other. Layers that share weights name the same tensors. */
  readonly tensors: readonly string[];
}

/** What a model file holds, to be written. */
export interface WritableModelFile {
  /** Absent in a file of weights. */
  readonly topology?: JsonValue;
  readonly layers: readonly LayerTensors[];
  readonly weights: ReadonlyMap<string, WritableTensor>;
  /** How the model is trained, and how far it is. */
  readonly training?: PlainData;
}

/** What a model file holds. */
export interface ModelFile {
  readonly topology?: JsonValue;
  /** Absent in a safetensors file of another program. */
  readonly layers?: readonly LayerTensors[];
  readonly tensors: ReadonlyMap<string, StoredTensor>;
  readonly training?: PlainData;
}

/** The version that is written, and the newest that can be read. */
const version = 1;

/** A model file in pieces, as `docs/model-files.md` describes it. */
export function modelFileChunks({ topology, layers, weights, training }: WritableModelFile): Bytes[] {
  const tensors = new Map(weights);
  const packed = training === undefined ? undefined : packData(training, "training", tensors);
  return chunks({
    tensors,
    metadata: {
      format: "convoy",
      version: String(version),
      ...(topology === undefined ? {} : { topology: JSON.stringify(topology) }),
      layers: JSON.stringify(layers),
      ...(packed === undefined ? {} : { training: JSON.stringify(packed) }),
    },
  });
}

/**
 * A model file taken apart. Any safetensors file will do; one of another program is tensors alone. Throws `ModelFileError`
 * for what is none, and for a newer version.
 * @param training whether its training part is wanted
 */
export function parseModelFile(bytes: Uint8Array, training: boolean): ModelFile {
  const { metadata, tensors } = readTensors(bytes);
  if (metadata.get("format") !== "convoy") {
    return { tensors };
  }
  const written = metadata.get("version") ?? "";
  if (!/^[1-9]\d{0,5}$/.test(written)) {
    throw new ModelFileError(`__metadata__: version is ${brief(written)}, expected a number`);
  }
  if (Number(written) > version) {
    throw new ModelFileError(
      `the file is of version ${written} of the format, this Convoy reads up to ${version}; use a newer Convoy`,
    );
  }
  const topology = parsePart(metadata, "topology");
  const packed = training ? parsePart(metadata, "training") : undefined;
  return {
    ...(topology === undefined ? {} : { topology }),
    layers: parseLayers(parsePart(metadata, "layers"), tensors),
    tensors,
    ...(packed === undefined ? {} : { training: unpackData(packed, "training", tensors) }),
  };
}

/** Some files of other programs would be safetensors by their first bytes alone, so those are looked at where they are none. */
function readTensors(bytes: Uint8Array): ReturnType<typeof read> {
  try {
    return read(bytes);
  } catch (error) {
    const other = error instanceof ModelFileError ? otherFormat(bytes) : undefined;
    throw other === undefined ? error : new ModelFileError(other, { cause: error });
  }
}

function parsePart(metadata: ReadonlyMap<string, string>, name: string): JsonValue | undefined {
  const text = metadata.get(name);
  try {
    return text === undefined ? undefined : (JSON.parse(text) as JsonValue);
  } catch (error) {
    throw new ModelFileError(`__metadata__: ${name} is no JSON: ${(error as Error).message}`, { cause: error });
  }
}

function parseLayers(json: JsonValue | undefined, tensors: ReadonlyMap<string, StoredTensor>): LayerTensors[] {
  if (!Array.isArray(json)) {
    throw new ModelFileError(`__metadata__: layers is ${brief(json)}, expected an array`);
  }
  return (json as readonly JsonValue[]).map((entry, index) => {
    const { layer, tensors: names } = isConfig(entry) ? entry : {};
    if (typeof layer !== "string" || !Array.isArray(names)) {
      throw new ModelFileError(`__metadata__: layers[${index}] is ${brief(entry)}, expected { layer, tensors }`);
    }
    const missing = names.find((name) => typeof name !== "string" || !tensors.has(name));
    if (missing !== undefined) {
      throw new ModelFileError(
        `__metadata__: layers[${index}] names tensor ${brief(missing)}, which the file does not have`,
      );
    }
    return { layer, tensors: names as readonly string[] };
  });
}
