import type { Config } from "../../config.js";
import type { Shape, Value } from "../../ops/definition.js";
import { commonFields, type LayerContext, type LayerDraws, type LayerOptions } from "../definition.js";
import { defineLayer, type Layer } from "../layer.js";
import { expectImages } from "../options.js";

/** What a layer that changes images by numbers of each is made of. */
export interface Change {
  readonly className: string;
  readonly defaultName: string;
  readonly options: LayerOptions;
  readonly config: Config;
  readonly draws: (inputShape: Shape) => LayerDraws;
  /** Appends the ops of a training step. */
  readonly change: (context: LayerContext) => Value;
}

/** A layer that changes images in training and gives them on otherwise. */
export function changingLayer({ className, defaultName, options, config, draws, change }: Change): Layer {
  return defineLayer({
    className,
    defaultName,
    ...commonFields(options),
    config,
    parameters: () => [],
    draws,
    apply(context) {
      const sample = context.input.shape.slice(1);
      expectImages(functionName(className), sample);
      // Images that it cannot draw for are refused where the model is made, not when it is trained.
      draws(sample);
      return context.training ? change(context) : context.input;
    },
  });
}

/** "RandomFlip" as "randomFlip". */
export function functionName(className: string): string {
  return className[0]!.toLowerCase() + className.slice(1);
}
