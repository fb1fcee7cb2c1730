import { ArgumentError, type Backend, type JsonValue, type Model, ModelFileError } from "@convoy/core";
import { type KnownSettings, knownSettings } from "./compileSettings.js";
import { type FileVariable, optimizerState } from "./optimizerVariables.js";

/** What an optimizer of a file keeps. */
export interface FileOptimizer {
  /** Steps, perhaps the rate, and what is kept of each trained weight, in the order of the file. */
  variables(): readonly FileVariable[];
  /** Whether all first moments stand before the second ones. */
  readonly apart: boolean;
}

/** What a file says of training. */
export interface FileTraining {
  /** Optimizer, loss and metrics. */
  readonly training: JsonValue | undefined;
  readonly optimizer?: FileOptimizer | undefined;
  readonly kerasMajor: number;
}

type Warn = (message: string) => void;

/**
 * Compiles a model as its file says, and gives the optimizer what it keeps. What is not known, or does not suit the model, is told
 * and left out.
 */
export async function compileLoaded(
  model: Model,
  backend: Backend,
  { training, optimizer, kerasMajor }: FileTraining,
  warn: Warn,
): Promise<void> {
  const settings = knownSettings(training, warn, { outputs: model.outputs.length, kerasMajor });
  compileAsKnown(model, backend, settings, warn);
  if (settings.optimizer !== undefined && optimizer !== undefined) {
    await takeOver(model, optimizer, warn);
  }
}

/** Settings that do not suit the outputs of the model, such as weights of other losses, are told and left out. */
function compileAsKnown(model: Model, backend: Backend, settings: KnownSettings, warn: Warn): void {
  try {
    model.compile({ backend, ...settings });
  } catch (error) {
    if (!(error instanceof ArgumentError) || settings.loss === undefined) {
      throw error;
    }
    const { optimizer } = settings;
    model.compile({ backend, ...(optimizer === undefined ? {} : { optimizer }) });
    warn(`loss and metrics of the file do not suit the model: ${error.message}; give them to compile yourself`);
  }
}

/** Gives the optimizer what it keeps. Most files have it of other weights than are trained now, or of none at all. */
async function takeOver(model: Model, { variables, apart }: FileOptimizer, warn: Warn): Promise<void> {
  let problem = "is of other weights or another optimizer";
  try {
    const given = variables();
    // Keras writes an optimizer that has not begun without slots.
    const scalars = given.every(({ shape }) => shape.length === 0);
    if (given.length <= 2 && scalars && given[0]?.read()[0] === 0) {
      return;
    }
    const config = model.getCompileConfig()!;
    const state = await model.getTrainingState();
    const optimizer = optimizerState(config, state, given, apart);
    if (optimizer !== undefined) {
      await model.setTrainingState({ weights: state.weights, optimizer });
      return;
    }
  } catch (error) {
    if (!(error instanceof ModelFileError)) {
      throw error;
    }
    problem = `cannot be read: ${error.message}`;
  }
  warn(`what the optimizer of the file keeps ${problem}; the optimizer begins anew`);
}
