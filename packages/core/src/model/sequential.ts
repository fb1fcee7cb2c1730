import { withProgress } from "../callbacks/progressBar.js";
import { expectCount } from "../checkOption.js";
import { ArgumentError, StateError } from "../errors.js";
import type { Layer } from "../layers/index.js";
import { resolveLoss } from "../losses/index.js";
import { resolveMetric } from "../metrics/index.js";
import { resolveOptimizer } from "../optimizers/index.js";
import { formatPlan, type Plan } from "../plan/index.js";
import type { Tensor } from "../tensor.js";
import { checkInputs, checkLabels, sampleWeights } from "./data/checkData.js";
import { checkWeights } from "./data/checkWeights.js";
import type { DataSignature, HostSamples } from "./data/hostSamples.js";
import type { TensorInput } from "./data/tensorInput.js";
import { buildPlan, type ModelMode } from "./declare/buildPlan.js";
import { type CompileSettings, expectLoss } from "./declare/compileSettings.js";
import { buildNetwork, drawParameters, type Network } from "./declare/network.js";
import { layOutParameters } from "./declare/parameterLayout.js";
import { formatSummary } from "./declare/summary.js";
import {
  type CompileOptions,
  defaultBatchSize,
  defaultEvaluationBatch,
  type EvaluateOptions,
  expectSeed,
  type FitOptions,
  type PlanOptions,
  type PredictOptions,
  resolveFit,
  resolveVerbosity,
  type SequentialOptions,
  type TrainOnBatchOptions,
} from "./options.js";
import { evaluateSamples } from "./run/evaluate.js";
import { fit, type History } from "./run/fit.js";
import { Placement } from "./run/placement.js";
import { predictSamples } from "./run/predict.js";
import { trainOnBatch } from "./run/trainOnBatch.js";

/**
 * A stack of layers. Keras' `Sequential`: declare, `compile`, `fit`, `evaluate`, `predict`. Shapes, parameters and options
 * are checked before anything runs, with errors that name the values.
 */
export class Sequential {
  readonly name: string;
  readonly seed: number;
  readonly #layers: Layer[];
  #network: Network | undefined;
  readonly #placement = new Placement(() => drawParameters(this.#build(), this.seed));
  #training = false;

  constructor(layers: readonly Layer[] = [], { name = "sequential", seed = 0 }: SequentialOptions = {}) {
    this.name = name;
    this.seed = expectSeed(seed);
    this.#layers = [...layers];
  }

  /** The layers, in order. */
  get layers(): readonly Layer[] {
    return this.#layers;
  }

  /** Adds a layer at the end. Throws `StateError` once the model is compiled. */
  add(layer: Layer): this {
    if (this.#placement.settings !== undefined) {
      throw new StateError("add: the model is compiled already; add all layers first");
    }
    this.#layers.push(layer);
    this.#network = undefined;
    this.#placement.replaceHostWeights(undefined);
    return this;
  }

  /**
   * Chooses backend, optimizer, loss and metrics. May be called again: weights stay, the optimizer starts anew, and layers'
   * `trainable` is read again. With another backend the model moves there, also from a device that has failed: then with
   * the newest copy of its weights. Throws `ArgumentError` for unknown names, `ShapeError` where layers do not fit.
   */
  compile({ backend, optimizer = "rmsprop", loss, metrics = [] }: CompileOptions): void {
    if (backend === undefined) {
      throw new ArgumentError(
        "compile: no backend; pass one, such as backend: await wasm() from @convoy/backend-wasm, " +
          "or await reference() from @convoy/core/reference, which runs anywhere",
      );
    }
    const network = this.#build();
    this.#placement.compile({
      network,
      layout: layOutParameters(network),
      backend,
      optimizer: resolveOptimizer(optimizer),
      ...(loss === undefined ? {} : { loss: resolveLoss(loss) }),
      metrics: metrics.map(resolveMetric),
    });
  }

  /**
   * Trains for some epochs. `x` is [N, ...inputShape] (a last axis of size 1 may be left out), `y` what the loss takes.
   * Throws before training for data or options that do not fit; throws `NonFiniteLossError` when the loss becomes NaN or
   * infinite.
   *
   * Throws `DeviceError` when the device fails: a GPU that is lost, a worker that crashes. The model then holds a copy of its
   * weights; `compile` it with another backend and call `fit` again with the `initialEpoch` that the message names. Copies
   * are taken when training begins and ends, and on the way about every ten seconds, or hundred steps where that is longer.
   * The weights alone are kept: the optimizer starts anew, its schedule too, as after every `compile`.
   */
  async fit(x: TensorInput, y: TensorInput, options: FitOptions = {}): Promise<History> {
    const samples = this.#samples("x", "y", x, y, options);
    const [validationX, validationY, validationWeight] = options.validationData ?? [];
    const validation =
      validationX === undefined || validationY === undefined
        ? undefined
        : this.#samples("validation x", "validation y", validationX, validationY, weightOption(validationWeight));
    const request = resolveFit(options, samples, validation, this.seed);
    return this.#whileTraining(async () => fit(await this.#placement.device(), request));
  }

  /** Loss and metrics over samples, by name. Throws like `fit`. The weights survive a device that fails, as in `fit`. */
  async evaluate(x: TensorInput, y: TensorInput, options: EvaluateOptions = {}): Promise<Record<string, number>> {
    const samples = this.#samples("x", "y", x, y, options);
    const batchSize = expectCount("batchSize", options.batchSize ?? defaultEvaluationBatch);
    return withProgress(resolveVerbosity(options.verbose ?? "auto"), async (report) => ({
      ...(await this.#placement.run((device) => evaluateSamples(device, samples, batchSize, report))),
    }));
  }

  /**
   * The outputs for samples: [N, ...outputShape]. Throws `ShapeError` or `DataError` for samples that do not fit,
   * `DeviceError` when the device fails; the model keeps its weights, as in `fit`.
   */
  async predict(x: TensorInput, options: PredictOptions = {}): Promise<Tensor<Float32Array>> {
    const { network } = this.#expectCompiled();
    const inputs = checkInputs("x", x, network.inputShape, console.warn);
    const batchSize = expectCount("batchSize", options.batchSize ?? defaultEvaluationBatch);
    return withProgress(resolveVerbosity(options.verbose ?? 0), async (report) =>
      this.#placement.run((device) => predictSamples(device, { inputs }, batchSize, report)),
    );
  }

  /**
   * One training step over all the samples given; returns their loss and metrics from before the update. Throws like `fit`,
   * but with a device that fails the steps since the last copy of the weights are lost, about ten seconds' worth: where every
   * step counts, keep the result of `getWeights` yourself.
   */
  async trainOnBatch(
    x: TensorInput,
    y: TensorInput,
    options: TrainOnBatchOptions = {},
  ): Promise<Record<string, number>> {
    const samples = this.#samples("x", "y", x, y, options);
    const seed = expectSeed(options.seed ?? this.seed);
    return this.#whileTraining(async () => ({
      ...(await this.#placement.run((device) => trainOnBatch(device, samples, seed))),
    }));
  }

  /** Prints Keras' table of layers, shapes and parameters. */
  summary(print: (text: string) => void = console.log): void {
    print(formatSummary(this.name, this.#build()));
  }

  /** The compiled plan of a step, also printed: ops in order, shapes, FLOPs, bytes, memory. */
  plan({ mode = "train", batchSize = defaultBatchSize, print = console.log }: PlanOptions = {}): Plan {
    const settings = this.#expectCompiled();
    const plan = buildPlan(settings, mode, expectCount("batchSize", batchSize), this.#nominalData(mode, batchSize));
    print(formatPlan(plan, settings.backend.launches?.(plan)));
    return plan;
  }

  /**
   * The weights in Keras' order: by layer, kernel before bias. Where the device has failed, the newest copy of them: from
   * the end of the last `fit`, or as `fit` and `trainOnBatch` say where they were cut short. Throws `DeviceError` where it
   * has not failed but cannot hand them over now, for want of memory, say; a later call may get them.
   */
  async getWeights(): Promise<Tensor<Float32Array>[]> {
    const { parameters } = this.#build();
    const weights = await this.#placement.weights();
    return parameters.map(({ shape }, index) => ({ data: Float32Array.from(weights[index]!), shape }));
  }

  /** Replaces the weights by others of the same number and shapes, in `getWeights`' order. Throws `ShapeError` otherwise. */
  async setWeights(weights: readonly TensorInput[]): Promise<void> {
    const checked = checkWeights(this.#build().parameters, weights);
    if (this.#placement.settings === undefined) {
      this.#placement.replaceHostWeights(checked);
    } else {
      (await this.#placement.device()).weights.write(checked);
    }
  }

  /** Frees what the model holds on its backend; the backend itself stays. The model cannot be used afterwards. */
  dispose(): void {
    this.#placement.dispose();
  }

  /** Milliseconds spent on making and compiling plans since `compile`. */
  get compileMs(): number {
    return this.#placement.compileMs;
  }

  #build(): Network {
    this.#network ??= buildNetwork(this.#layers);
    return this.#network;
  }

  #expectCompiled(): CompileSettings {
    const { settings } = this.#placement;
    if (settings === undefined) {
      throw new StateError(
        'the model is not compiled; call compile({ backend, optimizer: "adam", loss, metrics }) first',
      );
    }
    return settings;
  }

  #samples(
    whatX: string,
    whatY: string,
    x: TensorInput,
    y: TensorInput,
    options: Pick<FitOptions, "sampleWeight" | "classWeight" | "verbose">,
  ): HostSamples {
    const settings = this.#expectCompiled();
    const { network } = settings;
    const loss = expectLoss(settings);
    const warn = options.verbose === 0 ? (): void => undefined : console.warn;
    const inputs = checkInputs(whatX, x, network.inputShape, warn);
    const labels = checkLabels(whatY, y, inputs.rows, network.outputShape, loss);
    const weights = sampleWeights(labels, options.sampleWeight, options.classWeight);
    return { inputs, labels, ...(weights ? { weights } : {}) };
  }

  /** What a data set of one batch looks like, for printing a plan without data. */
  #nominalData(mode: ModelMode, rows: number): DataSignature {
    const { network, loss } = this.#expectCompiled();
    const sparse = loss?.labels === "sparse";
    const shape = [rows, ...(sparse ? network.outputShape.slice(0, -1) : network.outputShape)];
    return {
      rows,
      inputs: { dtype: "float32", scale: 1 },
      ...(mode === "predict" ? {} : { labels: { dtype: sparse ? "int32" : "float32", shape } as const }),
      weights: false,
      ordered: mode === "train",
    };
  }

  async #whileTraining<T>(train: () => Promise<T>): Promise<T> {
    if (this.#training) {
      throw new StateError("this model is training already; wait for fit to end before training it again");
    }
    this.#training = true;
    try {
      return await train();
    } finally {
      this.#training = false;
    }
  }
}

function weightOption(sampleWeight: TensorInput | undefined): Pick<FitOptions, "sampleWeight"> {
  return sampleWeight === undefined ? {} : { sampleWeight };
}

/** A model that is a stack of layers; more may be added with `add`. */
export function sequential(layers: readonly Layer[] = [], options: SequentialOptions = {}): Sequential {
  return new Sequential(layers, options);
}
