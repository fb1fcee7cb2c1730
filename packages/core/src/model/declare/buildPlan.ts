import { type Backend, bindPlan, expectSupported } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import type { Loss } from "../../losses/index.js";
import type { Metric } from "../../metrics/index.js";
import { rowsOf } from "../../ops/checks.js";
import type { DType, Shape, Value } from "../../ops/definition.js";
import { sizeOf } from "../../ops/definition.js";
import type { Optimizer } from "../../optimizers/index.js";
import { differentiate, Graph, lower, type Plan, poolBeforeActivation } from "../../plan/index.js";
import type { Network } from "./network.js";
import { applyNetwork, type ParameterLayout, placeParameters } from "./parameterLayout.js";

/** Shape of a data set on the device: what a plan has to know of it. */
export interface DataSignature {
  /** Rows that the buffers hold. */
  readonly rows: number;
  readonly inputs: { readonly dtype: DType; readonly scale: number };
  /** Sparse labels are int32 [rows,...], others float32 [rows,...,C]; absent for prediction. */
  readonly labels?: { readonly dtype: "int32" | "float32"; readonly shape: Shape };
  /** Whether samples are weighted. */
  readonly weights: boolean;
  /** Whether rows are read through a permutation. */
  readonly ordered: boolean;
}

/** What a model was compiled with, resolved. */
export interface CompiledModel {
  readonly network: Network;
  readonly layout: ParameterLayout;
  readonly backend: Backend;
  readonly optimizer: Optimizer;
  readonly loss?: Loss;
  readonly metrics: readonly Metric[];
}

/** Gradients that the optimizer reads, and its slots, by buffer name. */
export const slotBuffer = (slot: number): string => `slot${slot}`;

/** The plan of one training, evaluation or prediction step. Throws `UnsupportedOpError` where the backend lacks an op. */
export function buildPlan(
  model: CompiledModel,
  mode: "train" | "evaluate" | "predict",
  batchSize: number,
  data: DataSignature,
): Plan {
  const graph = new Graph();
  const parameters = placeParameters(graph, model.layout);
  const { input, labels, weights } = gatherBatch(graph, model.network, batchSize, data);
  const output = applyNetwork(graph, model.network.layers, input, parameters, mode === "train");
  const results =
    mode === "predict" ? storePredictions(graph, output, data.rows) : judge(graph, model, output, labels!, weights);
  poolBeforeActivation(graph);
  if (mode === "train") {
    appendUpdate(graph, model, parameters, results[0]!, 1 / rowsOf(output.shape));
  }
  const plan = lower(graph, { mode, batchSize, results, target: model.backend });
  checkSupport(plan, model.backend);
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
  const order = ordered ? [source("order", [rows], "int32")] : [];
  const gather = (from: Value, dtype: "float32" | "int32", scale: number): Value =>
    graph.labelled("data", () => graph.apply("gatherRows", [from, ...order], { batchSize, dtype, scale })[0]!);
  return {
    input: gather(source("inputs", [rows, ...inputShape], inputs.dtype), "float32", inputs.scale),
    ...(labels ? { labels: gather(source("labels", labels.shape, labels.dtype), labels.dtype, 1) } : {}),
    ...(weights && labels ? { weights: gather(source("weights", weightsShape(labels), "float32"), "float32", 1) } : {}),
  };
}

/** One weight a row of the predictions: the shape of sparse labels, or that of others without their last axis. */
export function weightsShape({ dtype, shape }: { readonly dtype: DType; readonly shape: Shape }): Shape {
  return dtype === "int32" ? shape : shape.slice(0, -1);
}

/** Loss and metrics, the loss first. */
function judge(
  graph: Graph,
  { loss, metrics }: CompiledModel,
  output: Value,
  labels: Value,
  weights: Value | undefined,
): Value[] {
  if (loss === undefined) {
    throw new ArgumentError(
      'compile was called without a loss; pass one, such as loss: "sparseCategoricalCrossentropy"',
    );
  }
  const { lossSum, predictions } = graph.labelled("loss", () =>
    loss.build({ graph, output, labels, ...(weights ? { weights } : {}) }),
  );
  const sums = metrics.map((metric) =>
    graph.labelled(metric.name, () => metric.build({ graph, predictions, labels, loss })),
  );
  return [lossSum, ...sums];
}

function storePredictions(graph: Graph, output: Value, rows: number): Value[] {
  const shape = [rows, ...output.shape.slice(1)];
  graph.declareBuffer("predictions", { dtype: "float32", length: sizeOf(shape) });
  const destination = graph.place("predictions", { shape, dtype: "float32" }, "predictions");
  graph.labelled("predictions", () => graph.apply("storeRows", [output, destination], {}));
  return [];
}

/** Gradients into their flat buffer, then one update of everything trainable. */
function appendUpdate(
  graph: Graph,
  { layout, optimizer }: CompiledModel,
  parameters: ReadonlyMap<string, Value>,
  loss: Value,
  lossScale: number,
): void {
  const length = layout.trainableLength;
  const trained = layout.parameters.filter(({ trainable }) => trainable);
  if (trained.length === 0) {
    throw new ArgumentError("nothing to train: no layer has trainable parameters. Set trainable: true on some layer");
  }
  const wanted = trained.map(({ path }) => parameters.get(path)!);
  const gradients = differentiate(graph, { loss, lossScale, wanted });
  graph.declareBuffer("gradients", { dtype: "float32", length });
  const gradientParts = trained.map(({ path, offset, shape }) => {
    const gradient = gradients.get(parameters.get(path)!.id)!;
    graph.bind(gradient, { buffer: "gradients", offset });
    return graph.place(`${path}.gradient`, { shape, dtype: "float32" }, "gradients", offset);
  });
  const flat = (label: string, buffer: string): Value => {
    if (!graph.buffers.has(buffer)) {
      graph.declareBuffer(buffer, { dtype: "float32", length });
    }
    return graph.place(label, { shape: [length], dtype: "float32" }, buffer);
  };
  optimizer.update({
    graph,
    parameters: flat("parameters", "parameters"),
    gradients: flat("gradients", "gradients"),
    slots: Array.from({ length: optimizer.slots }, (_, slot) => flat(slotBuffer(slot), slotBuffer(slot))),
    gradientParts,
  });
}

/** Fused ops are in the plan because the backend takes them; the others are asked about here. */
function checkSupport(plan: Plan, backend: Backend): void {
  const single = bindPlan("plan", plan, (value) => value).ops.filter(({ parts }) => parts === undefined);
  expectSupported(backend.name, single, (op) => backend.supports(op));
}
