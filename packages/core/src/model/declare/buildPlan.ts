import { type Backend, bindPlan, expectSupported } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import { applyCalls, type TrainingStep } from "../../layers/applyCalls.js";
import { expectMixable } from "../../layers/augmentation/mixedLabels.js";
import { type StepDraws, stepDraws } from "../../layers/augmentation/stepDraws.js";
import type { Layer } from "../../layers/index.js";
import { rowsOf } from "../../ops/checks.js";
import type { DType, Shape, Value } from "../../ops/definition.js";
import { sizeOf } from "../../ops/definition.js";
import {
  type BufferSpec,
  differentiate,
  drawByPlaceInBatch,
  foldPadding,
  Graph,
  lower,
  type Plan,
  poolBeforeActivation,
  reduceAcrossRanks,
  type ScaledLoss,
  syncBatchNorm,
} from "../../plan/index.js";
import type { DataSignature } from "../data/hostSamples.js";
import { type BatchSlice, sliceOf } from "./batchSlice.js";
import { bufferNames } from "./bufferNames.js";
import { type CompileSettings, expectLoss, type OutputSettings } from "./compileSettings.js";
import type { Network } from "./network.js";
import { type ParameterLayout, type PlacedParameter, placeParameters } from "./parameterLayout.js";

/** What a step is for. */
export type ModelMode = "train" | "evaluate" | "predict";

/**
 * The plan of one training, evaluation or prediction step. Where several processes train together, a training step is of this
 * one's slice of the batch, with the sums over all of them. Throws `UnsupportedOpError` where the backend lacks an op.
 * @param iteration a training step of the optimizer's phase that is wanted, where its steps differ
 * @param draws of training, where it is not what the network alone draws
 */
export function buildPlan(
  settings: CompileSettings,
  mode: ModelMode,
  batchSize: number,
  data: DataSignature,
  iteration = 0,
  draws: StepDraws = stepDraws(settings.network),
): Plan {
  const group = mode === "train" ? settings.backend.group : undefined;
  const slice = sliceOf(group, batchSize);
  const { rows } = slice;
  const graph = new Graph();
  const parameters = placeParameters(graph, settings.layout);
  const { inputs, labels } = gatherBatch(graph, settings.network, rows, data);
  const training = mode === "train" ? trainingStep(graph, draws, labels, data.rows, rows) : undefined;
  const { outputs, added } = applyLayers(graph, settings, inputs, parameters, training);
  if (slice.offset > 0) {
    drawByPlaceInBatch(graph, slice.offset, rows);
  }
  let losses: ScaledLoss[] = [];
  let results: Value[] = [];
  const resultWeights: number[] = [];
  if (mode === "predict") {
    storePredictions(graph, settings.network, outputs, data.rows);
  } else {
    const judged = settings.outputs.map((output, index) =>
      lossAndMetrics(graph, output, outputs[index]!, labels[index]!),
    );
    const penalties = settings.layout.penalties.map((parameter) => penalty(graph, parameter, parameters));
    losses = [
      ...judged.map(({ loss }, index) => ({
        loss,
        scale: (slice.share * settings.outputs[index]!.lossWeight) / rowsOf(outputs[index]!.shape),
      })),
      ...added.map((loss) => ({ loss, scale: slice.share / rows })),
      ...penalties.map((loss) => ({ loss, scale: slice.share })),
    ];
    const sums = [...judged.flatMap(({ loss, metrics }) => [loss, ...metrics]), ...added];
    results = [...sums, ...penalties];
    // What is added up over samples counts as it is, what is of the step by the samples.
    resultWeights.push(...sums.map(() => Math.sign(slice.share)), ...penalties.map(() => slice.share));
  }
  foldPadding(graph);
  poolBeforeActivation(graph);
  if (mode === "train") {
    appendUpdate(graph, settings, parameters, losses, iteration);
  }
  if (group?.syncBatchNorm) {
    syncBatchNorm(graph, slice.share);
  }
  const own = lower(graph, { mode, batchSize: rows, results, target: settings.backend });
  const plan = group === undefined ? own : withSums(own, settings.layout, slice, resultWeights);
  checkSupport(plan, settings.backend);
  return plan;
}

/** Gradients of less are not worth a message of their own: its latency is that of as many bytes. */
const bucketBytes = 4 * 2 ** 20;

function withSums(plan: Plan, layout: ParameterLayout, { share }: BatchSlice, resultWeights: readonly number[]): Plan {
  const { trainedLength, length } = layout;
  return reduceAcrossRanks(plan, {
    gradients: { buffer: bufferNames.gradients, start: 0, end: trainedLength },
    bucketBytes,
    state: { buffer: bufferNames.parameters, start: trainedLength, end: length },
    share,
    resultWeights,
  });
}

/** Labels of an output with the weights of the samples for it. */
interface BatchLabels {
  readonly labels: Value;
  readonly weights?: Value;
}

function gatherBatch(
  graph: Graph,
  network: Network,
  batchSize: number,
  { rows, inputs, labels = [], ordered }: DataSignature,
): { inputs: Value[]; labels: BatchLabels[] } {
  const source = (name: string, shape: Shape, dtype: DType): Value => {
    graph.declareBuffer(name, { dtype, length: sizeOf(shape) });
    return graph.place(name, { shape, dtype }, name);
  };
  const order = ordered ? [source(bufferNames.order, [rows], "int32")] : [];
  const gather = (from: Value, dtype: "float32" | "int32", scale: number): Value =>
    graph.labelled("data", () => graph.apply("gatherRows", [from, ...order], { batchSize, dtype, scale })[0]!);
  const [inputNames, outputNames] = [network.inputs, network.outputs].map((ports) => ports.map(({ name }) => name));
  return {
    inputs: network.inputs.map(({ shape }, index) => {
      const { dtype, scale } = inputs[index]!;
      return gather(source(bufferNames.inputs(inputNames!, index), [rows, ...shape], dtype), "float32", scale);
    }),
    labels: labels.map(({ dtype, shape, weights }, index) => ({
      labels: gather(source(bufferNames.labels(outputNames!, index), shape, dtype), dtype, 1),
      ...(weights
        ? {
            weights: gather(
              source(bufferNames.sampleWeights(outputNames!, index), weightsShape({ dtype, shape }), "float32"),
              "float32",
              1,
            ),
          }
        : {}),
    })),
  };
}

/** One weight per row of the predictions: the shape of sparse labels, or that of others without their last axis. */
function weightsShape({ dtype, shape }: { readonly dtype: DType; readonly shape: Shape }): Shape {
  return dtype === "int32" ? shape : shape.slice(0, -1);
}

/** @param labels of each output; replaced where a layer mixes them */
function trainingStep(
  graph: Graph,
  draws: StepDraws,
  labels: BatchLabels[],
  rows: number,
  batchSize: number,
): TrainingStep {
  return {
    draws,
    drawn: draws.gather(graph, rows, batchSize),
    mixLabels({ layer: { path } }, mix) {
      labels.forEach(({ labels: own, ...weights }, index) => {
        expectMixable(path, own.dtype);
        labels[index] = { labels: mix(own), ...weights };
      });
    },
  };
}

/** Appends the layers and returns the outputs [N,...] and the losses that layers add. */
function applyLayers(
  graph: Graph,
  { network, layout }: CompileSettings,
  inputs: readonly Value[],
  parameters: ReadonlyMap<string, Value>,
  training: TrainingStep | undefined,
): { outputs: Value[]; added: Value[] } {
  const added: Value[] = [];
  const paths = parameterPaths(layout);
  const parameter = (layer: Layer, name: string): Value => parameters.get(paths(layer, name))!;
  const own = { parameter, frozen: (layer: Layer) => layout.frozen.has(layer), added, training };
  const before = training?.draws.before;
  const [first, ...others] = inputs;
  const prepared = before === undefined ? inputs : [...applyCalls(graph, before, [first!], own), ...others];
  return { outputs: applyCalls(graph, network, prepared, own), added };
}

/** The path of a layer's parameter in the layout, where a layer that is in several nested models has one path for all. */
function parameterPaths({ parameters }: ParameterLayout): (layer: Layer, name: string) => string {
  return ({ weights }, name) => parameters.find((known) => known.weights === weights && known.name === name)!.path;
}

/** Loss and metrics of one output. */
function lossAndMetrics(
  graph: Graph,
  settings: OutputSettings,
  output: Value,
  { labels, weights }: BatchLabels,
): { loss: Value; metrics: Value[] } {
  const loss = expectLoss(settings);
  const { lossSum, predictions } = graph.labelled("loss", () =>
    loss.build({ graph, output, labels, ...(weights ? { weights } : {}) }),
  );
  const metrics = settings.metrics.flatMap((metric, index) =>
    graph.labelled(metric.name, () => {
      const name = bufferNames.metricState(settings.firstMetric + index);
      const state = metric.state && placeState(graph, name, metric.state);
      return metric.build({ graph, predictions, labels, loss, ...(state ? { state } : {}) });
    }),
  );
  return { loss: lossSum, metrics };
}

function placeState(graph: Graph, name: string, state: BufferSpec): Value {
  graph.declareBuffer(name, state);
  return graph.place(name, { shape: [state.length], dtype: state.dtype }, name);
}

/** The term of the loss that a regularizer adds. */
function penalty(graph: Graph, { path, regularizer }: PlacedParameter, parameters: ReadonlyMap<string, Value>): Value {
  const attributes = { ...regularizer!, scale: 1 };
  return graph.labelled("regularizer", () => graph.apply("penalty", [parameters.get(path)!], attributes)[0]!);
}

function storePredictions(graph: Graph, network: Network, outputs: readonly Value[], rows: number): void {
  const names = network.outputs.map(({ name }) => name);
  outputs.forEach((output, index) => {
    const shape = [rows, ...output.shape.slice(1)];
    const predictions = bufferNames.predictions(names, index);
    graph.declareBuffer(predictions, { dtype: "float32", length: sizeOf(shape) });
    const destination = graph.place(predictions, { shape, dtype: "float32" }, predictions);
    graph.labelled("predictions", () => graph.apply("storeRows", [output, destination], {}));
  });
}

/** Gradients into their flat buffer, then one update of everything trainable. */
function appendUpdate(
  graph: Graph,
  { layout, optimizer }: CompileSettings,
  parameters: ReadonlyMap<string, Value>,
  losses: readonly ScaledLoss[],
  iteration: number,
): void {
  const length = layout.trainedLength;
  const trained = layout.parameters.filter((parameter) => parameter.trained);
  if (trained.length === 0) {
    throw new ArgumentError("nothing to train: no layer has trainable parameters. Set trainable: true on some layer");
  }
  const wanted = trained.map(({ path }) => parameters.get(path)!);
  const unused = (weight: Value): Error => unusedWeight(trained[wanted.indexOf(weight)]!);
  const gradients = differentiate(graph, { losses, wanted, unused });
  graph.declareBuffer(bufferNames.gradients, { dtype: "float32", length });
  const gradientParts = trained.map(({ path, offset, shape }) => {
    const gradient = gradients.get(parameters.get(path)!.id)!;
    graph.bind(gradient, { buffer: bufferNames.gradients, offset });
    return graph.place(`${path}.gradient`, { shape, dtype: "float32" }, bufferNames.gradients, offset);
  });
  const flat = (buffer: string): Value => {
    if (!graph.buffers.has(buffer)) {
      graph.declareBuffer(buffer, { dtype: "float32", length });
    }
    return graph.place(buffer, { shape: [length], dtype: "float32" }, buffer);
  };
  optimizer.update({
    graph,
    parameters: flat(bufferNames.parameters),
    gradients: flat(bufferNames.gradients),
    slots: Array.from({ length: optimizer.slots }, (_, slot) => flat(bufferNames.slot(slot))),
    gradientParts,
    iteration,
  });
  for (const { path, constraint } of trained) {
    graph.labelled("constraint", () => constraint?.apply(graph, parameters.get(path)!));
  }
}

function unusedWeight({ path, name }: PlacedParameter): ArgumentError {
  const layer = path.slice(0, -name.length - 1);
  return new ArgumentError(
    `the loss does not depend on weight "${name}" of layer ${layer}, so there is no gradient to train it by. Set ` +
      "trainable: false, in the ParameterSpec of a weight that the layer updates itself or on the layer to freeze all of it",
  );
}

/** Fused ops are in the plan because the backend takes them; the others are asked about here. */
function checkSupport(plan: Plan, backend: Backend): void {
  expectSupported(backend.name, bindPlan("plan", plan, (value) => value).ops, (op) => backend.supports(op));
}
