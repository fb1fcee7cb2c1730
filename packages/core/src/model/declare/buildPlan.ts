import { type Backend, bindPlan, expectSupported } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import { rowsOf } from "../../ops/checks.js";
import type { DType, Shape, Value } from "../../ops/definition.js";
import { sizeOf } from "../../ops/definition.js";
import { type BufferSpec, differentiate, Graph, lower, type Plan, poolBeforeActivation } from "../../plan/index.js";
import type { DataSignature } from "../data/hostSamples.js";
import { bufferNames } from "./bufferNames.js";
import { type CompileSettings, expectLoss } from "./compileSettings.js";
import type { Network } from "./network.js";
import { type PlacedParameter, placeParameters } from "./parameterLayout.js";

/** What a step is for. */
export type ModelMode = "train" | "evaluate" | "predict";

/**
 * The plan of one training, evaluation or prediction step. Throws `UnsupportedOpError` where the backend lacks an op.
 * @param iteration a training step of the optimizer's phase that is wanted, where its steps differ
 */
export function buildPlan(
  settings: CompileSettings,
  mode: ModelMode,
  batchSize: number,
  data: DataSignature,
  iteration = 0,
): Plan {
  const graph = new Graph();
  const parameters = placeParameters(graph, settings.layout);
  const { input, labels, weights } = gatherBatch(graph, settings.network, batchSize, data);
  const output = applyLayers(graph, settings, input, parameters, mode === "train");
  const results =
    mode === "predict"
      ? storePredictions(graph, output, data.rows)
      : lossAndMetrics(graph, settings, output, labels!, weights);
  poolBeforeActivation(graph);
  if (mode === "train") {
    appendUpdate(graph, settings, parameters, { loss: results[0]!, lossScale: 1 / rowsOf(output.shape), iteration });
  }
  const plan = lower(graph, { mode, batchSize, results, target: settings.backend });
  checkSupport(plan, settings.backend);
  return plan;
}

function gatherBatch(
  graph: Graph,
  { inputShape }: Network,
  batchSize: number,
  { rows, inputs, labels, weights, ordered }: DataSignature,
): { input: Value; labels?: Value; weights?: Value } {
  const source = (name: string, shape: Shape, dtype: DType): Value => {
    graph.declareBuffer(name, { dtype, length: sizeOf(shape) });
    return graph.place(name, { shape, dtype }, name);
  };
  const order = ordered ? [source(bufferNames.order, [rows], "int32")] : [];
  const gather = (from: Value, dtype: "float32" | "int32", scale: number): Value =>
    graph.labelled("data", () => graph.apply("gatherRows", [from, ...order], { batchSize, dtype, scale })[0]!);
  return {
    input: gather(source(bufferNames.inputs, [rows, ...inputShape], inputs.dtype), "float32", inputs.scale),
    ...(labels ? { labels: gather(source(bufferNames.labels, labels.shape, labels.dtype), labels.dtype, 1) } : {}),
    ...(weights && labels
      ? { weights: gather(source(bufferNames.sampleWeights, weightsShape(labels), "float32"), "float32", 1) }
      : {}),
  };
}

/** One weight per row of the predictions: the shape of sparse labels, or that of others without their last axis. */
export function weightsShape({ dtype, shape }: { readonly dtype: DType; readonly shape: Shape }): Shape {
  return dtype === "int32" ? shape : shape.slice(0, -1);
}

/** Appends the layers and returns the output [N,...]. */
function applyLayers(
  graph: Graph,
  { network, layout }: CompileSettings,
  input: Value,
  parameters: ReadonlyMap<string, Value>,
  training: boolean,
): Value {
  return network.layers.reduce((value, placed) => {
    const { layer, name, index } = placed;
    const parameter = (wanted: string): Value => parameters.get(`${name}/${wanted}`)!;
    const frozen = layout.frozen.has(placed);
    return graph.labelled(name, () =>
      layer.apply({ graph, input: value, parameter, training, frozen, instance: index }),
    );
  }, input);
}

/** Loss and metrics, the loss first. */
function lossAndMetrics(
  graph: Graph,
  settings: CompileSettings,
  output: Value,
  labels: Value,
  weights: Value | undefined,
): Value[] {
  const loss = expectLoss(settings);
  const { lossSum, predictions } = graph.labelled("loss", () =>
    loss.build({ graph, output, labels, ...(weights ? { weights } : {}) }),
  );
  const sums = settings.metrics.flatMap((metric, index) =>
    graph.labelled(metric.name, () => {
      const state = metric.state && placeState(graph, bufferNames.metricState(index), metric.state);
      return metric.build({ graph, predictions, labels, loss, ...(state ? { state } : {}) });
    }),
  );
  return [lossSum, ...sums];
}

function placeState(graph: Graph, name: string, state: BufferSpec): Value {
  graph.declareBuffer(name, state);
  return graph.place(name, { shape: [state.length], dtype: state.dtype }, name);
}

function storePredictions(graph: Graph, output: Value, rows: number): Value[] {
  const shape = [rows, ...output.shape.slice(1)];
  const { predictions } = bufferNames;
  graph.declareBuffer(predictions, { dtype: "float32", length: sizeOf(shape) });
  const destination = graph.place(predictions, { shape, dtype: "float32" }, predictions);
  graph.labelled("predictions", () => graph.apply("storeRows", [output, destination], {}));
  return [];
}

/** Gradients into their flat buffer, then one update of everything trainable. */
function appendUpdate(
  graph: Graph,
  { layout, optimizer }: CompileSettings,
  parameters: ReadonlyMap<string, Value>,
  { loss, lossScale, iteration }: { readonly loss: Value; readonly lossScale: number; readonly iteration: number },
): void {
  const length = layout.trainedLength;
  const trained = layout.parameters.filter((parameter) => parameter.trained);
  if (trained.length === 0) {
    throw new ArgumentError("nothing to train: no layer has trainable parameters. Set trainable: true on some layer");
  }
  const wanted = trained.map(({ path }) => parameters.get(path)!);
  const unused = (weight: Value): Error => unusedWeight(trained[wanted.indexOf(weight)]!);
  const gradients = differentiate(graph, { loss, lossScale, wanted, unused });
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
