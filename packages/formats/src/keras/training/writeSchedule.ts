import type { Config, JsonValue } from "@convoy/core";
import { isObject } from "../../json.js";
import { optionSnakeCase } from "../names.js";
import { NoCounterpart } from "./noCounterpart.js";

/** Schedules that Keras has under the same name, with options of the same names in snake_case. */
const sameInKeras = [
  ...["CosineDecay", "CosineDecayRestarts", "ExponentialDecay", "InverseTimeDecay", "PiecewiseConstantDecay"],
  "PolynomialDecay",
];

/** A learning rate or schedule as Keras writes it. Throws `NoCounterpart` for schedules that it does not have. */
export function writeRate(rate: JsonValue): JsonValue {
  if (typeof rate === "number") {
    return rate;
  }
  const { className, config } = rate as { className: string; config: Config };
  switch (className) {
    case "ConstantRate":
      return config.learningRate!;
    case "StepDecay":
      return keras("ExponentialDecay", {
        initialLearningRate: config.initialLearningRate!,
        decaySteps: config.dropEvery!,
        decayRate: config.factor!,
        staircase: true,
      });
    case "WarmUp": {
      const { steps, followedBy, from } = config;
      const after = isObject(followedBy) && followedBy.className === "CosineDecay" ? followedBy.config : undefined;
      if (!isObject(after)) {
        throw new NoCounterpart(
          `a warm-up that is followed by ${isObject(followedBy) ? followedBy.className : "a constant rate"}`,
        );
      }
      return keras("CosineDecay", {
        ...after,
        initialLearningRate: from!,
        warmupTarget: after.initialLearningRate!,
        warmupSteps: steps!,
      });
    }
    default:
      if (!sameInKeras.includes(className)) {
        throw new NoCounterpart(`schedule ${className}`);
      }
      return keras(className, config);
  }
}

function keras(className: string, options: Config): JsonValue {
  const named = Object.entries(options).map(([option, value]) => [optionSnakeCase(option), value]);
  return {
    module: "keras.optimizers.schedules",
    class_name: className,
    config: { ...Object.fromEntries(named), name: className },
    registered_name: null,
  };
}
