import type { EpochSums, FitState, OptimizerState, TrainingState } from "../../callbacks/index.js";
import { ArgumentError, formatShape, listNames, ShapeError } from "../../errors.js";
import { sameShape } from "../../ops/checks.js";
import type { Tensor } from "../../tensor.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { DeviceModel } from "./deviceModel.js";
import { configOf, slotNames } from "./optimizerMemory.js";
import { reportWidth } from "./runningMeans.js";

/** The parts of a state that do not depend on `fit`. */
type ModelState = Pick<TrainingState, "weights" | "optimizer">;

/** A state's weights from values in the model's order. */
export function namedWeights(
  { layout }: CompileSettings,
  values: readonly Float32Array[],
): Record<string, Tensor<Float32Array>> {
  return Object.fromEntries(
    layout.parameters.map(({ path, shape }, index) => [path, { data: Float32Array.from(values[index]!), shape }]),
  );
}

/** The state of a model as it is now. */
export async function readTrainingState({ settings, weights, session, lastFit }: DeviceModel): Promise<TrainingState> {
  if (session !== undefined) {
    return await session.getState();
  }
  const [values, optimizer] = await Promise.all([weights.read(), weights.optimizer.read()]);
  return { weights: namedWeights(settings, values), optimizer, ...(lastFit ? { fit: lastFit } : {}) };
}

/** A state's weights in the model's order. */
export function orderedWeights({ layout }: CompileSettings, { weights }: TrainingState): Float32Array[] {
  return layout.parameters.map(({ path }) => weights[path]!.data);
}

/**
 * Throws unless a state is of this model and optimizer: `ShapeError` for other weights, `ArgumentError` for what else differs.
 */
export function checkTrainingState(settings: CompileSettings, state: ModelState): void {
  const { layout, optimizer } = settings;
  checkNames(
    "weights",
    Object.keys(state.weights),
    layout.parameters.map(({ path }) => path),
  );
  for (const { path, shape } of layout.parameters) {
    const { data, shape: given } = state.weights[path]!;
    if (!sameShape(given, shape) || data.length !== given.reduce((product, size) => product * size, 1)) {
      throw new ShapeError(
        `the training state's weight "${path}" is ${formatShape(given)}, the model's is ${formatShape(shape)}; ` +
          "build the model with the layers that the state is from",
      );
    }
  }
  if (state.optimizer.name !== optimizer.name) {
    throw new ArgumentError(
      `the training state is of optimizer "${state.optimizer.name}", the model was compiled with "${optimizer.name}"; ` +
        "compile it with the optimizer that the state is from",
    );
  }
  checkSlots(settings, state.optimizer);
}

function checkSlots(settings: CompileSettings, { name, slots, iteration, learningRate }: OptimizerState): void {
  checkNames(`slots of ${name}`, Object.keys(slots), slotNames(settings));
  const trained = settings.layout.parameters.filter((parameter) => parameter.trained);
  for (const [slot, parts] of Object.entries(slots)) {
    const paths = trained.map(({ path }) => path);
    checkNames(`trained weights in slot "${slot}"`, Object.keys(parts), paths);
    for (const { path, size } of trained) {
      if (parts[path]!.length !== size) {
        throw new ShapeError(
          `the training state's slot "${slot}" of "${path}" has ${parts[path]!.length} numbers, the weight has ${size}`,
        );
      }
    }
  }
  if (!(Number.isInteger(iteration) && iteration >= 0)) {
    throw new ArgumentError(`the training state's iteration is ${iteration}, expected an integer of at least 0`);
  }
  if (learningRate !== undefined && !settings.optimizer.rateIsSettable) {
    throw new ArgumentError(
      `the training state has a learning rate of ${learningRate}, but the model was compiled with a schedule; compile it ` +
        "with a number as learningRate, as the state's model was",
    );
  }
}

function checkNames(what: string, given: readonly string[], expected: readonly string[]): void {
  const missing = expected.filter((name) => !given.includes(name));
  const unknown = given.filter((name) => !expected.includes(name));
  if (missing.length > 0 || unknown.length > 0) {
    const sides = [
      ...(missing.length > 0 ? [`lacks ${listNames(missing)}`] : []),
      ...(unknown.length > 0 ? [`has ${listNames(unknown)}, which the model lacks`] : []),
    ];
    throw new ArgumentError(
      `the training state does not fit, ${what}: it ${sides.join(" and ")}; build and compile the model as the one that ` +
        "the state is from",
    );
  }
}

/** What of a `fit` decides which steps come next. */
export type FitSchedule = Pick<FitState, "samples" | "batchSize" | "stepsPerEpoch" | "seed" | "shuffle">;

/** Throws `ArgumentError` unless the steps of a `fit` are those of the one that the state is from. */
export function checkFitState(
  settings: CompileSettings,
  { fit: state, optimizer }: Required<Pick<TrainingState, "fit" | "optimizer">>,
  schedule: FitSchedule,
): void {
  for (const [name, value] of Object.entries(schedule)) {
    const given = state[name as keyof FitSchedule];
    if (given !== value) {
      throw new ArgumentError(
        `the training state is of a fit with ${name} ${given}, this one has ${name} ${value}; pass the same data and options, or ` +
          `call setTrainingState(state) and fit with initialEpoch: ${state.epoch} to go on with others`,
      );
    }
  }
  checkOptimizerOptions(settings, optimizer);
  const width = reportWidth(settings);
  if (state.sums !== undefined && state.sums.totals.length !== width) {
    throw new ArgumentError(
      `the training state has sums of ${state.sums.totals.length} losses and metrics, this model reports ${width}; compile it ` +
        "with the loss and metrics that the state is from",
    );
  }
  if (state.sums !== undefined) {
    checkCounts(settings, state.sums);
  }
}

/** What metrics have counted on the device must be of the same metrics. */
function checkCounts({ outputs }: CompileSettings, { counts }: EpochSums): void {
  const metrics = outputs.flatMap((output) => output.metrics);
  const known = new Set([...metrics.keys()].map(String));
  for (const index of [...known, ...Object.keys(counts).filter((name) => !known.has(name))]) {
    const metric = metrics[Number(index)];
    const [given, expected] = [counts[index]?.length ?? 0, metric?.state?.length ?? 0];
    if (given !== expected) {
      throw new ArgumentError(
        `the training state has ${given} numbers that metric ${metric ? `"${metric.name}"` : index} has counted, this model counts ` +
          `${expected}; compile it with the metrics that the state is from, options included`,
      );
    }
  }
}

function checkOptimizerOptions({ optimizer }: CompileSettings, { name, config: given }: OptimizerState): void {
  const own = configOf(optimizer);
  // One that does not say how it is made is taken at its word.
  for (const option of given === undefined || own === undefined ? [] : Object.keys({ ...given, ...own })) {
    const [before, now] = [given![option], own![option]].map((value) => JSON.stringify(value) ?? "left out");
    if (before !== now) {
      throw new ArgumentError(
        `the training state is of optimizer ${name} with ${option} ${before}, the model was compiled with ${option} ${now}; compile ` +
          "it with the options that the state is from, or call setTrainingState(state) and fit with initialEpoch to go on with others",
      );
    }
  }
}
