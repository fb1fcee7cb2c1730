import { brief, type Config, isConfig, type JsonValue } from "../config.js";
import { ModelFileError } from "../errors.js";
import type { PlainData } from "../saving/plainData.js";
import type { EpochSums, FitState, OptimizerState, TrainingState } from "./trainingState.js";

type Fields = { readonly [name: string]: PlainData | undefined };

/** A training state from a file, but for the weights. Throws `ModelFileError` unless it has the parts of one; whether these fit the model is for it to say. */
export function expectTrainingState(data: PlainData): Omit<TrainingState, "weights"> {
  const path = "training: state";
  const state = expectFields(path, data);
  return {
    optimizer: expectOptimizer(`${path}.optimizer`, state.optimizer),
    ...(state.fit === undefined ? {} : { fit: expectFit(`${path}.fit`, state.fit) }),
  };
}

/** The weights of a training state from a file. Throws `ModelFileError` unless they are tensors by path. */
export function expectStateWeights(data: PlainData): TrainingState["weights"] {
  const path = "training: weights";
  const weights = Object.entries(expectFields(path, data)).map(([name, tensor]) => {
    const { data: values, shape } = expectFields(`${path}["${name}"]`, tensor);
    if (!(values instanceof Float32Array)) {
      throw wrong(`${path}["${name}"].data`, values, "a tensor of type F32");
    }
    if (!Array.isArray(shape) || !shape.every((size) => Number.isSafeInteger(size) && (size as number) >= 0)) {
      throw wrong(`${path}["${name}"].shape`, shape, "an array of sizes");
    }
    return [name, { data: values, shape: shape as readonly number[] }] as const;
  });
  return Object.fromEntries(weights);
}

function wrong(path: string, data: PlainData | undefined, expected: string): ModelFileError {
  const shown = ArrayBuffer.isView(data) ? "an array of numbers" : brief(data as JsonValue);
  return new ModelFileError(`${path} is ${shown}, expected ${expected}`);
}

function expectFields(path: string, data: PlainData | undefined): Fields {
  if (typeof data !== "object" || data === null || Array.isArray(data) || ArrayBuffer.isView(data)) {
    throw wrong(path, data, "an object");
  }
  return data as Fields;
}

function expectCounts<Name extends string>(path: string, fields: Fields, names: readonly Name[]): Record<Name, number> {
  const counts = names.map((name) => {
    const value = fields[name];
    if (!Number.isSafeInteger(value) || (value as number) < 0) {
      throw wrong(`${path}.${name}`, value, "an integer of at least 0");
    }
    return [name, value];
  });
  return Object.fromEntries(counts) as Record<Name, number>;
}

function expectFlags<Name extends string>(path: string, fields: Fields, names: readonly Name[]): Record<Name, boolean> {
  for (const name of names) {
    if (typeof fields[name] !== "boolean") {
      throw wrong(`${path}.${name}`, fields[name], "true or false");
    }
  }
  return Object.fromEntries(names.map((name) => [name, fields[name]])) as Record<Name, boolean>;
}

function expectOptimizer(path: string, data: PlainData | undefined): OptimizerState {
  const fields = expectFields(path, data);
  const { name, config, learningRate } = fields;
  if (typeof name !== "string") {
    throw wrong(`${path}.name`, name, "a string");
  }
  if (config !== undefined && !isConfig(config as JsonValue)) {
    throw wrong(`${path}.config`, config, "an object");
  }
  if (learningRate !== undefined && !(typeof learningRate === "number" && learningRate >= 0)) {
    throw wrong(`${path}.learningRate`, learningRate, "a number of at least 0");
  }
  const slots = Object.entries(expectFields(`${path}.slots`, fields.slots)).map(([slot, parts]) => {
    const own = Object.entries(expectFields(`${path}.slots.${slot}`, parts));
    for (const [weight, values] of own) {
      if (!(values instanceof Float32Array)) {
        throw wrong(`${path}.slots.${slot}["${weight}"]`, values, "a tensor of type F32");
      }
    }
    return [slot, Object.fromEntries(own) as Record<string, Float32Array>] as const;
  });
  return {
    name,
    ...(config === undefined ? {} : { config: config as Config }),
    ...expectCounts(path, fields, ["iteration"]),
    ...(learningRate === undefined ? {} : { learningRate }),
    slots: Object.fromEntries(slots),
  };
}

function expectFit(path: string, data: PlainData | undefined): FitState {
  const fields = expectFields(path, data);
  return {
    ...expectCounts(path, fields, ["epoch", "step", "stepsPerEpoch", "batchSize", "samples", "seed"]),
    ...expectFlags(path, fields, ["begun", "shuffle"]),
    ...(fields.sums === undefined ? {} : { sums: expectSums(`${path}.sums`, fields.sums) }),
    callbacks: expectFields(`${path}.callbacks`, fields.callbacks) as FitState["callbacks"],
  };
}

function expectSums(path: string, data: PlainData | undefined): EpochSums {
  const fields = expectFields(path, data);
  const { totals } = fields;
  if (!Array.isArray(totals) || !totals.every((total) => typeof total === "number")) {
    throw wrong(`${path}.totals`, totals, "an array of numbers");
  }
  const counts = expectFields(`${path}.counts`, fields.counts);
  for (const [metric, values] of Object.entries(counts)) {
    if (!ArrayBuffer.isView(values)) {
      throw wrong(`${path}.counts["${metric}"]`, values, "a tensor");
    }
  }
  return {
    ...expectCounts(path, fields, ["samples"]),
    totals: totals as readonly number[],
    counts: counts as EpochSums["counts"],
  };
}
