import type { Backend, CustomObjects, JsonValue } from "@convoy/core";

/** How models are read. */
export interface LoadOptions {
  /**
   * Where the model is to run. With it the model comes compiled: with optimizer, loss and metrics of the file, as far as they are
   * there and known, and else for prediction alone.
   */
  readonly backend?: Backend;
  /**
   * Functions that make layers of classes that are not known, such as Lambda, from the config as the file has it. They come before
   * Convoy's own classes of the same name.
   */
  readonly customObjects?: CustomObjects;
  /** Shape of one sample, without the batch, for files that do not say it or take any size: [224, 224, 3]. */
  readonly inputShape?: readonly number[];
  /** For files of weights alone: the layers, as Keras' `model.to_json()` gives them, as text or object. */
  readonly architecture?: string | JsonValue;
  /** What is told of things that were passed over, such as augmentation; default `console.warn`. */
  readonly warn?: (message: string) => void;
}

/** The options of `loadModel`. */
export const loadOptionNames: readonly (keyof LoadOptions)[] = [
  ...(["backend", "customObjects", "inputShape", "architecture", "warn"] as const),
];
