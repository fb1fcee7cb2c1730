/** The only file of the comparison that knows how a model makes its plan. */

import type { Backend } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import type { Loss, LossName } from "../../losses/index.js";
import type { Metric, MetricName } from "../../metrics/index.js";
import { type HostSamples, hostData, signatureOf } from "../../model/data/hostSamples.js";
import { inputSamples, labelledSamples } from "../../model/data/modelSamples.js";
import { bufferNames } from "../../model/declare/bufferNames.js";
import { buildPlan } from "../../model/declare/buildPlan.js";
import { type CompileSettings, resolveOutputs } from "../../model/declare/compileSettings.js";
import { networkOf } from "../../model/declare/network.js";
import { flattenParameters, layOutParameters, type ParameterLayout } from "../../model/declare/parameterLayout.js";
import type { Model, ModelData, PerOutput } from "../../model/index.js";
import { stepValues } from "../../model/run/stepValues.js";
import { type Optimizer, type OptimizerName, resolveOptimizer } from "../../optimizers/index.js";
import { type Plan, packSteps, type StepTable, typedArrays } from "../../plan/index.js";
import type { TensorData } from "../../tensor.js";

export type { ParameterLayout };

/** Samples of one step: `[x, y]`, or by name. Without labels the step is one of prediction. */
export type ComparisonBatch =
  | readonly [x: ModelData, y?: ModelData]
  | { readonly x: ModelData; readonly y?: ModelData; readonly sampleWeight?: ModelData };

/** What a step is made of, beside model and samples. */
export interface StepOptions {
  /** Name or loss; needed for a training step. */
  readonly loss?: PerOutput<LossName | Loss>;
  /** Name or optimizer; default "rmsprop", as in `compile`. Its slots hold their first values. */
  readonly optimizer?: OptimizerName | Optimizer;
  /** Default none. */
  readonly metrics?: readonly (MetricName | Metric)[];
  /** Seed of dropout; default: the model's. */
  readonly seed?: number;
  /** Training steps before this one, as learning rate, bias correction and dropout see them; default 0. */
  readonly iteration?: number;
}

/** One step of a model, with what its buffers hold before it. */
export interface ModelStep {
  readonly plan: Plan;
  readonly contents: ReadonlyMap<string, TensorData>;
  readonly steps: StepTable;
  readonly layout: ParameterLayout;
}

/**
 * The step as `fit` or `predict` would run it over all the samples, whether the backend has all the ops or not.
 * @param fused whether the backend's fused ops are used
 */
export async function modelStep(
  model: Model<unknown>,
  backend: Backend,
  fused: boolean,
  batch: ComparisonBatch,
  options: StepOptions,
): Promise<ModelStep> {
  const network = networkOf(model);
  const layout = layOutParameters(network);
  const { loss, optimizer = "rmsprop", metrics = [], seed = model.seed, iteration = 0 } = options;
  const compiled: CompileSettings = {
    network,
    layout,
    backend: planner(backend, fused),
    optimizer: resolveOptimizer(optimizer),
    outputs: resolveOutputs(network.outputs, { loss, metrics }),
  };
  const samples = hostSamples(compiled, batch);
  const mode = samples.labels === undefined ? "predict" : "train";
  // In training rows are read through an order, as in `fit`.
  const plan = buildPlan(compiled, mode, samples.rows, signatureOf(samples, mode === "train"), iteration);
  const learningRate = compiled.optimizer.schedule(iteration);
  return {
    plan,
    contents: contentsOf(plan, samples, flattenParameters(layout, await weightsOf(model)), compiled.optimizer),
    steps: packSteps([stepValues(compiled.optimizer, { iteration, learningRate, batchStart: 0, seed })]),
    layout,
  };
}

/** Stands in for the backend where a plan is made: single ops that it lacks are found when their turn comes. */
function planner(backend: Backend, fused: boolean): Backend {
  const asked: Pick<Backend, "name" | "fusions" | "supports" | "workspaceBytes"> = {
    name: backend.name,
    fusions: fused ? backend.fusions : [],
    supports: (op) => op.parts === undefined || backend.supports(op),
    workspaceBytes: (op) => (backend.supports(op) === true ? (backend.workspaceBytes?.(op) ?? 0) : 0),
  };
  return asked as Backend;
}

function hostSamples(settings: CompileSettings, batch: ComparisonBatch): HostSamples {
  const [x, y, sampleWeight] = isPair(batch) ? [batch[0], batch[1]] : [batch.x, batch.y, batch.sampleWeight];
  const warn = (): void => undefined;
  if (y === undefined) {
    return inputSamples(settings.network, "x", x, warn);
  }
  if (settings.outputs.some(({ loss }) => loss === undefined)) {
    throw new ArgumentError(
      'comparePlans: the batch has labels, but there is no loss; pass one, such as { loss: "sparseCategoricalCrossentropy" }, ' +
        "or leave out the labels to compare a step of prediction",
    );
  }
  return labelledSamples(settings, ["x", "y"], x, y, { sampleWeight }, warn);
}

function isPair(batch: ComparisonBatch): batch is readonly [x: ModelData, y?: ModelData] {
  return Array.isArray(batch);
}

async function weightsOf(model: Model<unknown>): Promise<Float32Array[]> {
  return (await model.getWeights()).map(({ data }) => data);
}

/** What every buffer of the plan holds before the step. */
function contentsOf(
  plan: Plan,
  samples: HostSamples,
  parameters: Float32Array,
  { initialSlots = [] }: Optimizer,
): Map<string, TensorData> {
  const known: Readonly<Record<string, TensorData | undefined>> = {
    ...Object.fromEntries(hostData(samples)),
    [bufferNames.order]: Int32Array.from({ length: samples.rows }, (_, row) => row),
    [bufferNames.parameters]: parameters,
  };
  const initial = new Map(initialSlots.map((value, slot) => [bufferNames.slot(slot), value]));
  return new Map(
    Object.entries(plan.buffers).map(([name, { dtype, length }]) => [
      name,
      known[name] ?? new typedArrays[dtype](length).fill(initial.get(name) ?? 0),
    ]),
  );
}
