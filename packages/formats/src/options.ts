import { ArgumentError, type Backend, type CustomObjects, type JsonValue } from "@convoy/core";

/** How models are read. Options that the format of the file has no use for are refused. */
export interface LoadOptions {
  /**
   * Where the model is to run. With it the model comes compiled: with optimizer, what that keeps of each weight, loss and metrics
   * of the file, as far as they are there and known, and else for prediction alone.
   */
  readonly backend?: Backend;
  /**
   * Functions that make layers of classes that are not known, such as Lambda, from the config as the file has it. They come before
   * Convoy's own classes of the same name. For files of Keras, TensorFlow.js and Convoy.
   */
  readonly customObjects?: CustomObjects;
  /**
   * Shape of one sample, without the batch, for files that do not say it or take any size: [224, 224, 3]. For files of
   * Keras, TensorFlow.js and ONNX.
   */
  readonly inputShape?: readonly number[];
  /** For files of Keras and TensorFlow.js with weights alone: the layers, as Keras' `model.to_json()` gives them, as text or object. */
  readonly architecture?: string | JsonValue;
  /** What is told of things that were passed over, such as augmentation; default `console.warn`. Every format takes it. */
  readonly warn?: (message: string) => void;
}

/** The options of `loadModel`. */
export const loadOptionNames: readonly (keyof LoadOptions)[] = [
  ...(["backend", "customObjects", "inputShape", "architecture", "warn"] as const),
];

/** Which formats an option is for. */
const uses = {
  customObjects: "files of Keras, TensorFlow.js and Convoy",
  inputShape: "files of Keras, TensorFlow.js and ONNX",
  architecture: "files of Keras and TensorFlow.js with weights alone",
} as const;

/** An option that only some formats take. */
export type FormatOption = keyof typeof uses;

/** Throws `ArgumentError` for an option that is given and that the format of the file would ignore. */
export function checkUsed(file: string, title: string, options: LoadOptions, taken: readonly FormatOption[]): void {
  for (const name of Object.keys(uses) as FormatOption[]) {
    if (options[name] !== undefined && !taken.includes(name)) {
      throw new ArgumentError(`${name} is for ${uses[name]}; ${file} is of the format ${title}: leave it out`);
    }
  }
}
