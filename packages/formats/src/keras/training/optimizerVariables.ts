import type { CompileConfig, TrainingState } from "@convoy/core";

/** What an optimizer keeps, as Keras lists it: numbers by their place. */
export interface OptimizerVariable {
  readonly data: Float32Array;
  readonly shape: readonly number[];
  /** Whether it is a count, which Keras stores as an integer. */
  readonly counts?: boolean;
}

type OptimizerState = TrainingState["optimizer"];

/** Slots of one optimizer in Keras' order: those of a group stand side by side, weight by weight, one group after the other. */
type Groups = readonly (readonly string[])[];

/** Slots that every optimizer may have stand before its own. */
const common = ["average", "gradientAccumulator"];
/** Optimizers with two moments have both of a weight side by side. */
const moments = ["momentum", "velocity"];

function groupsOf(names: readonly string[], apart: boolean): Groups {
  const shared = common.filter((name) => names.includes(name));
  const own = names.filter((name) => !common.includes(name));
  const paired = !apart && own[0] === moments[0] && own[1] === moments[1];
  const groups = paired ? [moments, ...own.slice(2).map((name) => [name])] : own.map((name) => [name]);
  return shared.length === 0 ? groups : [shared, ...groups];
}

/** Names of slots in order, and the weight that each is of. */
function placesOf(groups: Groups, paths: readonly string[]): { readonly slot: string; readonly path: string }[] {
  return groups.flatMap((group) => paths.flatMap((path) => group.map((slot) => ({ slot, path }))));
}

/** How many gradients are averaged for one update; 1 where every step is one. */
function accumulationSteps({ optimizer }: CompileConfig): number {
  const steps = optimizer.config.gradientAccumulationSteps;
  return typeof steps === "number" ? steps : 1;
}

/**
 * What gradients that are being added up are multiplied by to become Keras' sum: here it is a mean of all but the last, there a sum
 * that is 0 again after an update.
 */
function sumFactor(config: CompileConfig, iteration: number): number {
  const steps = accumulationSteps(config);
  return iteration % steps === 0 ? 0 : steps - 1;
}

/** The product that Keras' Nadam keeps: of u_t = beta1 (1 - 0.96^t / 2) over all updates. */
function nadamProduct(config: CompileConfig, iteration: number): number {
  const beta1 = Number(config.optimizer.config.beta1);
  const updates = Math.floor(iteration / accumulationSteps(config));
  let product = 1;
  for (let t = 1; t <= updates && product > 0; t++) {
    product *= beta1 * (1 - 0.5 * 0.96 ** t);
  }
  return product;
}

/** The variables of an optimizer as Keras 3 writes them: steps, rate where it is a number, then what is kept of each trained weight. */
export function optimizerVariables(config: CompileConfig, state: TrainingState): OptimizerVariable[] {
  const { iteration, slots } = state.optimizer;
  const scalar = (value: number): OptimizerVariable => ({ data: Float32Array.of(value), shape: [] });
  const rate = state.optimizer.learningRate ?? config.optimizer.config.learningRate;
  const names = Object.keys(slots);
  const paths = Object.keys(slots[names[0] ?? ""] ?? {});
  const factor = sumFactor(config, iteration);
  return [
    { ...scalar(iteration), counts: true },
    ...(typeof rate === "number" ? [scalar(rate)] : []),
    ...placesOf(groupsOf(names, false), paths).map(({ slot, path }) => {
      const data = slots[slot]![path]!;
      return {
        data: slot === "gradientAccumulator" ? data.map((value) => value * factor) : data,
        shape: state.weights[path]!.shape,
      };
    }),
    ...(config.optimizer.className === "Nadam" ? [scalar(nadamProduct(config, iteration))] : []),
  ];
}

/** A variable of a file, of which the numbers are read when they are wanted. */
export interface FileVariable {
  readonly shape: readonly number[];
  read(): Float32Array;
}

const isScalar = ({ shape }: FileVariable): boolean => shape.length === 0;

/**
 * What an optimizer keeps, from the variables of a file of any version of Keras. Undefined where they are not those of this
 * optimizer and these weights.
 * @param state of the model as the settings of the file have compiled it
 * @param apart whether the file has all first moments before the second ones, as before Keras 2.11
 */
export function optimizerState(
  config: CompileConfig,
  state: TrainingState,
  variables: readonly FileVariable[],
  apart: boolean,
): OptimizerState | undefined {
  const [count, ...others] = variables;
  if (count === undefined || !isScalar(count)) {
    return undefined;
  }
  const { slots: known } = state.optimizer;
  const names = Object.keys(known);
  const paths = Object.keys(known[names[0] ?? ""] ?? {});
  const given = others.filter((variable) => !isScalar(variable));
  const orders = [apart, !apart].map((separate) => placesOf(groupsOf(names, separate), paths));
  // One that keeps nothing takes the count alone, whatever old versions have written beside it.
  const places = names.length === 0 ? [] : orders.find((order) => fits(order, state, given));
  const iteration = Math.round(count.read()[0] ?? Number.NaN);
  if (places === undefined || !Number.isSafeInteger(iteration) || iteration < 0) {
    return undefined;
  }
  const factor = sumFactor(config, iteration);
  const slots: Record<string, Record<string, Float32Array>> = Object.fromEntries(
    names.map((name) => [name, Object.create(null)]),
  );
  places.forEach(({ slot, path }, index) => {
    const data = given[index]!.read();
    slots[slot]![path] =
      slot === "gradientAccumulator" ? data.map((value) => (factor === 0 ? 0 : value / factor)) : data.slice();
  });
  return { ...state.optimizer, iteration, slots };
}

/** Whether variables are those of the places. What follows them is an empty rest, such as Keras 1 and 2.2 write it for amsgrad. */
function fits(
  places: readonly { readonly path: string }[],
  { weights }: TrainingState,
  variables: readonly FileVariable[],
): boolean {
  const rest = variables.slice(places.length);
  return (
    places.length <= variables.length &&
    rest.every(({ shape }) => shape.length === 1 && shape[0] === 1) &&
    places.every(({ path }, index) => sameShape(weights[path]!.shape, variables[index]!.shape))
  );
}

function sameShape(a: readonly number[], b: readonly number[]): boolean {
  return a.length === b.length && a.every((size, axis) => size === b[axis]);
}
