import { ArgumentError, type Model, ModelFileError } from "@convoy/core";
import { convoyMetadata } from "./convoyMetadata.js";
import type { ModelFiles } from "./files/sources.js";
import type { FileLayer } from "./keras/topology/readTopology.js";
import { checkUsed, type FormatOption, type LoadOptions } from "./options.js";
import { given, type WriteOptions, withoutOption } from "./writeOptions.js";

/** What a file says of itself. */
export interface FileDescription {
  /** What wrote it: "keras 3.9.0". */
  readonly producer: string;
  /** Whether it holds layers; otherwise weights alone. */
  readonly hasLayers: boolean;
}

/** The bytes of a file, or of several by name, of which one lists the others. */
export type WrittenFiles = Uint8Array | Record<string, Uint8Array>;

/** A format of model files. Its code is loaded when it is used. */
export interface Format {
  /** What it is called on the command line. */
  readonly name: string;
  readonly title: string;
  /** Whether it is this one, by the first file's bytes and name. */
  recognise(files: ModelFiles): boolean | Promise<boolean>;
  /** Endings of paths that are written in this format. */
  readonly endings: readonly string[];
  /** Which options of reading it takes, beside `backend` and `warn`; undefined where it never makes a model. */
  readonly takes?: readonly FormatOption[];
  read(files: ModelFiles, options: LoadOptions): Promise<Model>;
  /** What to do instead, where there is no `readWeights`. */
  readonly weightsElsewhere?: string;
  /** Takes weights over into a model that is there. */
  readWeights?(files: ModelFiles, layers: readonly FileLayer[]): Promise<void>;
  describe?(files: ModelFiles): Promise<FileDescription>;
  /** Which options of writing it takes. */
  readonly writes?: readonly (keyof WriteOptions)[];
  write?(model: Model, options: WriteOptions): Promise<WrittenFiles>;
}

/** Reads all files of Keras. */
const keras = {
  takes: ["customObjects", "inputShape", "architecture"],
  async read(files: ModelFiles, options: LoadOptions): Promise<Model> {
    const { finishModel, openKeras } = await import("./keras/parts.js");
    return await finishModel(await openKeras(files), options);
  },
  async readWeights(files: ModelFiles, layers: readonly FileLayer[]): Promise<void> {
    const { fill } = await (await import("./keras/parts.js")).openKeras(files);
    await expectWeights(fill)(layers);
  },
  async describe(files: ModelFiles): Promise<FileDescription> {
    const { producer, topology } = await (await import("./keras/parts.js")).openKeras(files);
    return { producer, hasLayers: topology !== undefined };
  },
} satisfies Partial<Format>;

function expectWeights<T>(fill: T | undefined): T {
  if (fill === undefined) {
    throw new ModelFileError("the file holds layers, but no weights");
  }
  return fill;
}

/** Text of the beginning of a JSON file; undefined for another one. */
function jsonStart({ main }: ModelFiles): string | undefined {
  const start = new TextDecoder().decode(main.subarray(0, 4096));
  return /^\s*\{/.test(start) ? start : undefined;
}

/** Whether a JSON file has one of these members at the top. */
function hasMember(files: ModelFiles, names: readonly string[]): boolean {
  if (jsonStart(files) === undefined) {
    return false;
  }
  try {
    const value: unknown = JSON.parse(new TextDecoder().decode(files.main));
    return names.some((name) => typeof value === "object" && value !== null && Object.hasOwn(value, name));
  } catch {
    return false;
  }
}

/** State dicts of PyTorch: tensors by name, without layers. */
const stateDict = {
  async read({ name }: ModelFiles): Promise<Model> {
    throw new ModelFileError(
      `${name} holds tensors by name, not the layers that they are of; make the model here and call loadWeights(model, source), or ` +
        "loadStateDict(model, await readStateDict(source)), which takes names and other settings",
    );
  },
  async readWeights({ main }: ModelFiles, layers: readonly FileLayer[]): Promise<void> {
    const [{ readStateDict, statedEpsilons }, { fillFromState, namedLayers }] = await Promise.all([
      import("./torch/safetensors.js"),
      import("./torch/stateDict.js"),
    ]);
    await fillFromState(namedLayers(layers), await readStateDict(main), {}, statedEpsilons(main));
  },
  async describe(): Promise<FileDescription> {
    return { producer: "pytorch or one of its tools", hasLayers: false };
  },
};

/** Every format that there is; the first that recognises a file reads it. */
export const formats: readonly Format[] = [
  {
    name: "keras",
    title: "Keras 3 (.keras)",
    endings: [".keras"],
    async recognise({ main }) {
      const { isZip, ZipArchive } = await import("./zip.js");
      // PyTorch's files are zip archives as well.
      return isZip(main) && new ZipArchive(main).has("config.json");
    },
    ...keras,
    writes: ["includeOptimizer"],
    async write(model, options) {
      return await (await import("./keras/writeKeras.js")).writeKeras(
        model,
        given(options, ["includeOptimizer", "warn"]),
      );
    },
  },
  {
    name: "keras-weights",
    title: "Keras 3, weights alone (.weights.h5)",
    endings: [".weights.h5"],
    recognise: (files) => hasMember(files, ["weight_map"]),
    ...keras,
    async write(model) {
      return await (await import("./keras/writeKeras.js")).writeKerasWeights(model);
    },
  },
  {
    name: "h5",
    title: "Keras 1 and 2, HDF5 (.h5)",
    endings: [".h5", ".hdf5"],
    async recognise({ main }) {
      return (await import("./hdf5/objectHeader.js")).isHdf5(main);
    },
    ...keras,
    writes: ["includeOptimizer"],
    async write(model, options) {
      return await (await import("./keras/writeKeras.js")).writeKerasH5(
        model,
        given(options, ["includeOptimizer", "warn"]),
      );
    },
  },
  {
    name: "tfjs",
    title: "TensorFlow.js layers model (model.json)",
    endings: ["model.json", "/"],
    recognise: (files) => hasMember(files, ["modelTopology", "weightsManifest"]),
    takes: keras.takes,
    writes: ["quantization", "includeOptimizer"],
    async read(files, options) {
      const [{ finishModel }, { openTfjs }] = await Promise.all([
        import("./keras/parts.js"),
        import("./tfjs/parts.js"),
      ]);
      return await finishModel(await openTfjs(files), options);
    },
    async readWeights(files, layers) {
      const { fill } = await (await import("./tfjs/parts.js")).openTfjs(files);
      await expectWeights(fill)(layers);
    },
    async describe(files) {
      const { producer } = await (await import("./tfjs/parts.js")).openTfjs(files);
      return { producer, hasLayers: true };
    },
    async write(model, options) {
      return await (await import("./tfjs/writeTfjs.js")).writeTfjs(
        model,
        given(options, ["quantization", "includeOptimizer", "warn"]),
      );
    },
  },
  {
    name: "convoy",
    title: "Convoy (.safetensors)",
    endings: [".safetensors"],
    recognise: ({ main }) => convoyMetadata(main) !== undefined,
    takes: ["customObjects"],
    weightsElsewhere: "model.loadWeights(source) takes them",
    async read({ main }, { backend, customObjects }) {
      const { loadModel } = await import("@convoy/core");
      return await loadModel(main, {
        ...(backend === undefined ? {} : { backend }),
        ...(customObjects === undefined ? {} : { customObjects }),
      });
    },
    async describe({ main }) {
      return { producer: "convoy", hasLayers: convoyMetadata(main)?.topology !== undefined };
    },
    writes: ["includeOptimizer"],
    write: (model, { includeOptimizer }) =>
      model.save(undefined, includeOptimizer === undefined ? {} : { includeOptimizer }),
  },
  {
    name: "onnx",
    title: "ONNX (.onnx)",
    endings: [".onnx"],
    async recognise({ main, name }) {
      return name.endsWith(".onnx") || (await import("./onnx/messages.js")).isOnnx(main);
    },
    takes: ["inputShape"],
    weightsElsewhere: "its weights are not named by layers; loadModel(source) reads it whole, layers and weights",
    async read({ main }, { backend, inputShape }) {
      const { readOnnx } = await import("./onnx/readOnnx.js");
      const model = await readOnnx(main, inputShape === undefined ? {} : { inputShape });
      if (backend !== undefined) {
        model.compile({ backend });
      }
      return model;
    },
    async describe({ main }) {
      const { producer, opsets } = (await import("./onnx/messages.js")).readModelMessage(main);
      return { producer: `${producer || "(not stated)"}, opset ${opsets.get("") ?? "(not stated)"}`, hasLayers: true };
    },
    async write(model) {
      return await (await import("./onnx/writing/writeOnnx.js")).writeOnnx(model);
    },
  },
  {
    name: "pytorch",
    title: "PyTorch, tensors alone (.pt, .pth)",
    endings: [],
    async recognise({ main }) {
      return (await import("./pytorch/readPytorch.js")).isPytorch(main);
    },
    ...stateDict,
  },
  {
    name: "safetensors",
    title: "safetensors of PyTorch's tools, tensors alone",
    endings: [],
    // Eight bytes with the length of the header, then the header.
    recognise: ({ main }) => main[8] === 0x7b && main[7] === 0,
    ...stateDict,
    async write(model) {
      const [{ writeWithEpsilons }, { epsilonsOf, toStateDict }] = await Promise.all([
        import("./torch/safetensors.js"),
        import("./torch/stateDict.js"),
      ]);
      return writeWithEpsilons(await toStateDict(model), epsilonsOf(model));
    },
  },
];

/** Names of the formats, for messages. */
export function listFormats(chosen: readonly Format[] = formats): string {
  return chosen.map(({ name, title }) => `${name} (${title})`).join(", ");
}

/** The format of a file, by its first bytes. Throws `ModelFileError` where it is none that is known. */
export async function formatOf(files: ModelFiles): Promise<Format> {
  for (const format of formats) {
    if (await format.recognise(files)) {
      return format;
    }
  }
  throw new ModelFileError(
    `${files.name} is of no format that is known; known are ${listFormats()}. It may be damaged, or an error page in place of the file`,
  );
}

/** Reads a model. Throws `ArgumentError` for options that its format would ignore. */
export async function readAs(format: Format, files: ModelFiles, options: LoadOptions): Promise<Model> {
  if (format.takes !== undefined) {
    checkUsed(files.name, format.title, options, format.takes);
  }
  return await format.read(files, options);
}

/** Throws `ArgumentError` for options of writing that a format would ignore. */
export function checkWritten(format: Format, options: WriteOptions): void {
  for (const name of Object.keys(withoutOption) as (keyof typeof withoutOption)[]) {
    if (options[name] !== undefined && !format.writes?.includes(name)) {
      const others = formats.filter(({ writes }) => writes?.includes(name));
      throw new ArgumentError(
        `${name} is for ${listFormats(others)}; ${format.name} ${withoutOption[name]}: leave it out, or give format: ` +
          others.map((other) => `"${other.name}"`).join(" or "),
      );
    }
  }
}

/** The format to write, by its name or by the ending of a path. Throws `ArgumentError` where neither says it. */
export function formatFor(path: string, name?: string): Format {
  const writable = formats.filter(({ write }) => write !== undefined);
  const found =
    name === undefined
      ? writable.find(({ endings }) => endings.some((ending) => path.toLowerCase().endsWith(ending)))
      : writable.find((format) => format.name === name);
  if (found === undefined) {
    throw new ArgumentError(
      name === undefined
        ? `${path} has no ending that says a format; give format, one of ${listFormats(writable)}`
        : `format "${name}" is none that can be written; there are ${listFormats(writable)}`,
    );
  }
  return found;
}
