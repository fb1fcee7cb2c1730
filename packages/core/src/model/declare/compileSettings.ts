import type { Backend } from "../../backend/index.js";
import { ArgumentError } from "../../errors.js";
import { type Loss, type LossName, resolveLoss } from "../../losses/index.js";
import { type Metric, type MetricName, resolveMetric } from "../../metrics/index.js";
import type { Shape } from "../../ops/definition.js";
import type { Optimizer } from "../../optimizers/index.js";
import type { Network, NetworkPort } from "./network.js";
import type { ParameterLayout } from "./parameterLayout.js";
import { byPort, type PerOutput } from "./perPort.js";

/** What one output of a model is trained and judged by. */
export interface OutputSettings {
  readonly name: string;
  readonly shape: Shape;
  /** Absent where `compile` was given no loss. */
  readonly loss?: Loss;
  /** Its share in the loss that is minimised. */
  readonly lossWeight: number;
  readonly metrics: readonly Metric[];
  /** Number of its first metric among those of all outputs. */
  readonly firstMetric: number;
}

/** What `compile` was given, names resolved, and what it was given it for. */
export interface CompileSettings {
  readonly network: Network;
  readonly layout: ParameterLayout;
  readonly backend: Backend;
  readonly optimizer: Optimizer;
  /** In the network's order. */
  readonly outputs: readonly OutputSettings[];
}

/** The options of `compile` that each output has one of. */
export interface OutputOptions {
  readonly loss?: PerOutput<LossName | Loss> | undefined;
  readonly lossWeights?: PerOutput<number> | undefined;
  readonly metrics?:
    | readonly (MetricName | Metric)[]
    | PerOutput<MetricName | Metric | readonly (MetricName | Metric)[]>;
}

/** The settings of each output. Throws `ArgumentError` for outputs that are not there, or that have no loss beside others. */
export function resolveOutputs(
  ports: readonly NetworkPort[],
  { loss, lossWeights, metrics = [] }: OutputOptions,
): OutputSettings[] {
  const single = ports.length === 1;
  // One loss for all outputs, as in Keras.
  const losses = isLoss(loss) ? ports.map(() => loss) : byPort<LossName | Loss>("compile: loss", "output", ports, loss);
  const missing = loss === undefined ? undefined : ports.find((_, index) => losses[index] === undefined);
  if (missing !== undefined) {
    throw new ArgumentError(
      `compile: output "${missing.name}" has no loss; give it one, such as ` +
        `loss: { ${ports.map(({ name }) => `${name}: "meanSquaredError"`).join(", ")} }, or leave it out of the model's outputs`,
    );
  }
  const weights = byPort<number>(
    "compile: lossWeights",
    "output",
    ports,
    typeof lossWeights === "number" ? [lossWeights] : lossWeights,
  );
  const flat = single && Array.isArray(metrics) && !metrics.some(Array.isArray) ? [metrics] : metrics;
  const judged = byPort<MetricName | Metric | readonly (MetricName | Metric)[]>(
    "compile: metrics",
    "output",
    ports,
    Array.isArray(flat) && flat.length === 0 ? undefined : (flat as PerOutput<MetricName>),
  );
  let firstMetric = 0;
  return ports.map(({ name, shape }, index) => {
    const own = [judged[index] ?? []].flat().map((metric) => resolveMetric(metric as MetricName | Metric));
    firstMetric += own.length;
    return {
      name,
      shape,
      ...(losses[index] === undefined ? {} : { loss: resolveLoss(losses[index]) }),
      lossWeight: checkedWeight(name, weights[index] ?? 1),
      metrics: own,
      firstMetric: firstMetric - own.length,
    };
  });
}

function isLoss(loss: OutputOptions["loss"]): loss is LossName | Loss {
  return typeof loss === "string" || (typeof loss === "object" && "build" in loss);
}

function checkedWeight(output: string, weight: number): number {
  if (!Number.isFinite(weight)) {
    throw new ArgumentError(`compile: lossWeights of output "${output}" is ${weight}, expected a finite number`);
  }
  return weight;
}

/** The loss of an output. Throws `ArgumentError` where `compile` was given none. */
export function expectLoss({ loss }: OutputSettings): Loss {
  if (loss === undefined) {
    throw new ArgumentError(
      'compile was called without a loss; pass one, such as loss: "sparseCategoricalCrossentropy"',
    );
  }
  return loss;
}
