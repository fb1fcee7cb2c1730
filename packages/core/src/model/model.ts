import type { TrainingState } from "../callbacks/index.js";
import { withProgress } from "../callbacks/progressBar.js";
import { checkOptions, expectCount, expectSeed } from "../checkOption.js";
import type { Config } from "../config.js";
import { ArgumentError, formatShape, ShapeError, StateError } from "../errors.js";
import { checkWeights } from "../layers/checkWeights.js";
import { Layer, SymbolicTensor, type SymbolicTensors, symbolicList } from "../layers/layer.js";
import { sameShape } from "../ops/checks.js";
import type { Shape } from "../ops/definition.js";
import { resolveOptimizer } from "../optimizers/index.js";
import { Dataset } from "../pipeline/index.js";
import { formatPlan, type Plan } from "../plan/index.js";
import { parseModelFile } from "../saving/modelFile.js";
import { type ModelSource, type ModelTarget, readSource, sourceName } from "../saving/stores.js";
import type { Tensor } from "../tensor.js";
import type { TensorInput } from "../tensorInput.js";
import type { HostSamples } from "./data/hostSamples.js";
import { inputSamples, labelledSamples, type ModelData, nominalData, type SampleOptions } from "./data/modelSamples.js";
import { buildPlan } from "./declare/buildPlan.js";
import { type CompileSettings, resolveOutputs } from "./declare/compileSettings.js";
import { arranged, type ModelTensors, namedTensors } from "./declare/modelTensors.js";
import { buildNetwork, findLayer, type Network, registerModel } from "./declare/network.js";
import { layOutParameters } from "./declare/parameterLayout.js";
import { formatSummary } from "./declare/summary.js";
import { type CompileConfig, compileConfig } from "./files/compileConfig.js";
import { deliver, type SaveOptions, type SaveWeightsOptions } from "./files/deliver.js";
import { fromFile } from "./files/fromFile.js";
import { modelFileOf, weightsPart } from "./files/modelFileOf.js";
import { type LoadWeightsOptions, readWeights } from "./files/readWeights.js";
import {
  type CompileOptions,
  compileOptionNames,
  defaultBatchSize,
  defaultEvaluationBatch,
  type EvaluateOptions,
  evaluateOptionNames,
  type FitOptions,
  fitOptionNames,
  type PlanOptions,
  type PredictOptions,
  predictOptionNames,
  resolveVerbosity,
  type TrainOnBatchOptions,
  trainOnBatchOptionNames,
} from "./options.js";
import { onePass, optionsOf } from "./run/datasetCalls.js";
import { evaluateSamples } from "./run/evaluate.js";
import { fit, type History } from "./run/fit.js";
import { Placement } from "./run/placement.js";
import { predictSamples } from "./run/predict.js";
import { resolveArrayFit, resolveDatasetFit, type ValidationSamples } from "./run/resolveFit.js";
import { evaluateOnce, predictBatches } from "./run/streamedRows.js";
import { checkTrainingState, orderedWeights, readTrainingState } from "./run/trainingState.js";
import { trainOnBatch } from "./run/trainOnBatch.js";
import { registerDeclared } from "./topology/declared.js";
import { modelTopology } from "./topology/modelTopology.js";
import type { ModelTopology } from "./topology/topology.js";

/** How a model is made: its tensors, or what gives them when they are wanted. */
export interface ModelDeclaration {
  readonly className: string;
  readonly defaultName: string;
  readonly name?: string | undefined;
  readonly seed?: number | undefined;
  readonly tensors: () => ModelTensors;
}

/**
 * A model: layers between inputs and outputs. Keras' `Model`: `compile`, `fit`, `evaluate`, `predict`. Shapes, parameters and
 * options are checked before anything runs, with errors that name the values. It is a layer, too: called on a tensor or put
 * into another model, it stays itself, and training either trains both.
 */
export class Model<Outputs = Tensor<Float32Array>> extends Layer {
  declare readonly name: string;
  readonly seed: number;
  readonly #givenName: string | undefined;
  readonly #tensors: () => ModelTensors;
  #network: Network | undefined;
  #building = false;
  readonly #placement: Placement;
  #fitting = false;
  /** Whether it was said that `trainable` has changed since `compile`. */
  #warned = false;

  constructor({ className, defaultName, name, seed = 0, tensors }: ModelDeclaration) {
    super({
      className,
      defaultName,
      name: name ?? defaultName,
      parameters: () => [],
      apply: ({ input }) => input,
    });
    this.seed = expectSeed("seed", seed);
    this.#givenName = name;
    this.#tensors = tensors;
    this.#placement = new Placement(() => this.#build());
    registerModel(this, () => this.#build());
    const layersOf = (): readonly Layer[] => this.layers;
    registerDeclared(this, {
      seed: this.seed,
      tensors,
      get layers() {
        return layersOf();
      },
    });
  }

  override get givenName(): string | undefined {
    return this.#givenName;
  }

  /** What makes such a model, as plain JSON: the config of `modelTopology`. Throws like that. */
  override get config(): Config {
    return modelTopology(this).config as unknown as Config;
  }

  /** The model without its weights as plain JSON, as `JSON.stringify` asks for it. Throws like `modelTopology`. */
  toJSON(): ModelTopology {
    return modelTopology(this);
  }

  /** The layers in Keras' order: inputs first, then as they follow each other. */
  get layers(): readonly Layer[] {
    return this.#build().layers.map(({ layer }) => layer);
  }

  /** What goes in, to call other layers on or to make another model of the same inputs. */
  get inputs(): readonly SymbolicTensor[] {
    return symbolicList(this.label, this.#tensors().inputs);
  }

  /** What comes out, to call other layers on. */
  get outputs(): readonly SymbolicTensor[] {
    return symbolicList(this.label, this.#tensors().outputs);
  }

  /** What goes in: one tensor, or all of them where there are several. */
  override get input(): SymbolicTensor | readonly SymbolicTensor[] {
    const { inputs } = this;
    return inputs.length === 1 ? inputs[0]! : inputs;
  }

  /** What comes out first. */
  override get output(): SymbolicTensor {
    return this.outputs[0]!;
  }

  override get trainable(): boolean {
    return super.trainable;
  }

  /** As in Keras, all layers of the model get it as well. */
  override set trainable(trainable: boolean) {
    super.trainable = trainable;
    for (const layer of this.layers) {
      layer.trainable = trainable;
    }
  }

  /** The layer of that name. Throws `ArgumentError` with the names that there are. */
  getLayer(name: string): Layer {
    return findLayer(this.#build(), name);
  }

  /**
   * Chooses backend, optimizer, loss and metrics; for several outputs losses, their weights and metrics each in order or by
   * name. May be called again: weights stay, the optimizer starts anew, and layers' `trainable` is read again. With another
   * backend the model moves there, also from a device that has failed: then with the newest copy of its weights. Throws
   * `ArgumentError` for unknown names and options, `ShapeError` where layers do not fit.
   */
  compile(options: CompileOptions): void {
    const { backend, optimizer = "rmsprop" } = checkOptions("compile", options, compileOptionNames);
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
      outputs: resolveOutputs(network.outputs, options),
    });
    this.#warned = false;
  }

  /**
   * Trains for some epochs. `x` is [N, ...inputShape] (a last axis of size 1 may be left out), `y` what the loss takes; with
   * several inputs or outputs an array of them in order, or an object by name. Throws before training for data or options that
   * do not fit; throws `NonFiniteLossError` when the loss becomes NaN or infinite.
   *
   * Throws `DeviceError` when the device fails: a GPU that is lost, a worker that crashes. The model then holds a copy of its
   * weights; `compile` it with another backend and call `fit` again with the `initialEpoch` that the message names. Copies
   * are taken when training begins and ends, and on the way about every ten seconds, or hundred steps where that is longer.
   * The weights alone are kept: the optimizer starts anew, its schedule too, as after every `compile`. With `backupAndRestore` among
   * the callbacks `fit` goes on with all of it, from the last backup.
   */
  async fit(x: ModelData, y: ModelData, options?: FitOptions): Promise<History>;
  /**
   * Trains on a data set of batches [x, y] or [x, y, sampleWeight], which need not fit into memory: the device gets them a few at a
   * time, while it computes. One over arrays that is only shuffled and batched goes there whole, once, where `maxDeviceBytes`
   * allows it; `verbose: 2` says which. `batchSize`, `shuffle`, `validationSplit` and `sampleWeight` are the data set's matter.
   *
   * What a source or a function of the data set throws ends training as a `DataError` with the position and the cause; the model keeps its
   * weights. Everything else is as for arrays.
   */
  async fit(data: Dataset<unknown>, options?: FitOptions): Promise<History>;
  async fit(
    x: ModelData | Dataset<unknown>,
    second?: ModelData | FitOptions,
    third: FitOptions = {},
  ): Promise<History> {
    const settings = this.#expectCompiled();
    const options = this.#spoken(x instanceof Dataset ? optionsOf<FitOptions>("fit", second) : third);
    checkOptions("fit", options, fitOptionNames);
    const samples = x instanceof Dataset ? x : this.#samples("x", "y", x, second as ModelData, options);
    const validation = this.#validation(options);
    const request =
      samples instanceof Dataset
        ? resolveDatasetFit(settings, samples, options, validation, this.seed)
        : resolveArrayFit(settings, options, samples, validation, this.seed);
    return this.#whileFitting(async () => {
      const device = await this.#placement.device();
      const replaceWeights = (weights: readonly Float32Array[]): Promise<void> => this.#placement.replace(weights);
      return await this.#placement.train(() => fit(device, { ...request, replaceWeights, files: this }));
    });
  }

  /** Loss and metrics over samples, by name. Throws like `fit`. The weights survive a device that fails, as in `fit`. */
  async evaluate(x: ModelData, y: ModelData, options?: EvaluateOptions): Promise<Record<string, number>>;
  /** Loss and metrics over a data set of batches [x, y] or [x, y, sampleWeight], by name. Throws like `fit`. */
  async evaluate(data: Dataset<unknown>, options?: EvaluateOptions): Promise<Record<string, number>>;
  async evaluate(
    x: ModelData | Dataset<unknown>,
    second?: ModelData | EvaluateOptions,
    third: EvaluateOptions = {},
  ): Promise<Record<string, number>> {
    this.#expectCompiled();
    const options = this.#spoken(x instanceof Dataset ? optionsOf<EvaluateOptions>("evaluate", second) : third);
    checkOptions("evaluate", options, evaluateOptionNames);
    if (x instanceof Dataset) {
      const { settings, data } = onePass("evaluate", x, options, true);
      return withProgress(resolveVerbosity(options.verbose ?? "auto"), async (report) => ({
        ...(await this.#placement.run((device) => evaluateOnce(device, data, settings, report))),
      }));
    }
    const y = second as ModelData;
    const samples = this.#samples("x", "y", x, y, options);
    const batchSize = expectCount("batchSize", options.batchSize ?? defaultEvaluationBatch);
    return withProgress(resolveVerbosity(options.verbose ?? "auto"), async (report) => ({
      ...(await this.#placement.run((device) => evaluateSamples(device, samples, batchSize, report))),
    }));
  }

  /**
   * The outputs for samples: [N, ...outputShape]; with several outputs as many of them, in order or by name as the model was
   * declared. Throws `ShapeError` or `DataError` for samples that do not fit, `DeviceError` when the device fails; the model
   * keeps its weights, as in `fit`.
   */
  async predict(x: ModelData, options?: PredictOptions): Promise<Outputs>;
  /** The outputs for a data set of batches x, [x, y] or [x, y, sampleWeight], of which the inputs count. */
  async predict(data: Dataset<unknown>, options?: PredictOptions): Promise<Outputs>;
  async predict(x: ModelData | Dataset<unknown>, asked: PredictOptions = {}): Promise<Outputs> {
    const options = this.#spoken(asked);
    checkOptions("predict", options, predictOptionNames);
    const { network } = this.#expectCompiled();
    if (x instanceof Dataset) {
      const { settings, data } = onePass("predict", x, options, false);
      const found = await withProgress(resolveVerbosity(options.verbose ?? 0), async (report) =>
        this.#placement.run((device) => predictBatches(device, data, settings, report)),
      );
      return arranged(this.#tensors().outputs, found) as Outputs;
    }
    const samples = inputSamples(network, "x", x, console.warn);
    const batchSize = expectCount("batchSize", options.batchSize ?? defaultEvaluationBatch);
    const outputs = await withProgress(resolveVerbosity(options.verbose ?? 0), async (report) =>
      this.#placement.run((device) => predictSamples(device, samples, batchSize, report)),
    );
    return arranged(this.#tensors().outputs, outputs) as Outputs;
  }

  /**
   * One training step over all the samples given; returns their loss and metrics from before the update. Throws like `fit`,
   * but with a device that fails the steps since the last copy of the weights are lost, about ten seconds' worth: where every
   * step counts, keep the result of `getWeights` yourself.
   */
  async trainOnBatch(x: ModelData, y: ModelData, options: TrainOnBatchOptions = {}): Promise<Record<string, number>> {
    checkOptions("trainOnBatch", options, trainOnBatchOptionNames);
    const samples = this.#samples("x", "y", x, y, options);
    const seed = expectSeed("seed", options.seed ?? this.seed);
    return this.#whileFitting(async () => ({
      ...(await this.#placement.run((device) => this.#placement.train(() => trainOnBatch(device, samples, seed)))),
    }));
  }

  /** Prints Keras' table of layers, shapes and parameters. */
  summary(print: (text: string) => void = console.log): void {
    print(formatSummary(this.name, this.#build()));
  }

  /** The compiled plan of a step, also printed: ops in order, shapes, FLOPs, bytes, memory. */
  plan(options: PlanOptions = {}): Plan {
    checkOptions("plan", options, ["mode", "batchSize", "print"]);
    const { mode = "train", batchSize = defaultBatchSize, print = console.log } = options;
    const settings = this.#expectCompiled();
    const data = nominalData(settings, mode === "train", mode !== "predict", expectCount("batchSize", batchSize));
    const plan = buildPlan(settings, mode, batchSize, data);
    print(formatPlan(plan, settings.backend.launches?.(plan)));
    return plan;
  }

  /**
   * The weights in Keras' order: by layer, kernel before bias. Where the device has failed, the newest copy of them: from
   * the end of the last `fit`, or as `fit` and `trainOnBatch` say where they were cut short. Throws `DeviceError` where it
   * has not failed but cannot hand them over now, for want of memory, say; a later call may get them.
   */
  override async getWeights(): Promise<Tensor<Float32Array>[]> {
    const { parameters } = this.#build();
    const weights = await this.#placement.weights();
    return parameters.map(({ shape }, index) => ({ data: Float32Array.from(weights[index]!), shape }));
  }

  /** Replaces the weights by others of the same number and shapes, in `getWeights`' order. Throws `ShapeError` otherwise. */
  override async setWeights(weights: readonly TensorInput[]): Promise<void> {
    await this.#placement.replace(checkWeights(this.#build().parameters, weights));
  }

  /**
   * What `compile` was given, but for the backend, as plain JSON with every option written out; undefined where the model is not
   * compiled. Keras' `get_compile_config`. Throws `ArgumentError` for a loss or the like of one's own that does not say how it is
   * made.
   */
  getCompileConfig(): CompileConfig | undefined {
    const { settings } = this.#placement;
    return settings === undefined ? undefined : compileConfig(settings);
  }

  /**
   * All that further training depends on, as plain data: weights, the optimizer with what it keeps, and how far `fit` has come.
   * While `fit` runs that is after the steps that have been started, in the middle of an epoch, too. `fit` goes on from it by
   * `resumeFrom`, in this model or in another that was built and compiled alike, on any backend. With `useEma` the averages have
   * taken the weights' place when `fit` has ended, as in Keras: a state to go on from as if it had not is taken in `onEpochEnd`.
   *
   * Throws `StateError` where the model is not compiled, and `DeviceError` where the device has failed.
   */
  async getTrainingState(): Promise<TrainingState> {
    this.#expectCompiled();
    return await this.#placement.run((device) => readTrainingState(device));
  }

  /**
   * Takes over weights and optimizer from a state: where the optimizer goes on, the learning rate included where a callback has
   * set it. `fit` then begins at `initialEpoch`, with any data and options; to the same bits it goes on by `resumeFrom`, which
   * needs no call of this. Throws `ShapeError` where weights are of other shapes and `ArgumentError` for another optimizer.
   */
  async setTrainingState(state: TrainingState): Promise<void> {
    const settings = this.#expectCompiled();
    if (this.#fitting) {
      throw new StateError("this model is training; wait for fit to end, or pass the state to fit as resumeFrom");
    }
    checkTrainingState(settings, state);
    await this.#placement.run(async (device) => {
      device.weights.optimizer.write(state.optimizer);
      device.lastFit = state.fit;
      await this.#placement.replace(orderedWeights(settings, state));
    });
  }

  /**
   * Writes the model into a file: layers, weights, and where it is compiled what `compile` was given and how far training is,
   * in the middle of a `fit`, too. `loadModel` makes the same model of it. Without a target it gives the bytes of the file.
   * Keras' `save`.
   *
   * The file is in the safetensors format, which other programs read as well. On disk the path has the old file or the new
   * one at any moment, also when the process is killed. Throws `ArgumentError` that names the layer, loss or the like for one
   * of your own that does not say how it is made, `DeviceError` where the device has failed.
   * @param target a path or file: URL in Node, or a store such as `stores.indexedDb("digits")`
   */
  async save(target: ModelTarget, options?: SaveOptions): Promise<void>;
  async save(target?: undefined, options?: SaveOptions): Promise<Uint8Array>;
  async save(target?: ModelTarget, options: SaveOptions = {}): Promise<unknown> {
    const { includeOptimizer = true, overwrite = true } = checkOptions("save", options, [
      "includeOptimizer",
      "overwrite",
    ]);
    const { settings } = this.#placement;
    const network = this.#build();
    if (settings === undefined || !includeOptimizer) {
      return await this.#deliver(
        target,
        modelFileOf(this, network, await this.#placement.weights(), undefined),
        overwrite,
      );
    }
    const state = await this.getTrainingState();
    const values = orderedWeights(settings, state);
    return await this.#deliver(target, modelFileOf(this, network, values, { settings, state }), overwrite);
  }

  /**
   * Writes the weights alone into a file, by layer, for `loadWeights`. Without a target it gives the bytes. Keras'
   * `save_weights`.
   * @param target as of `save`
   */
  async saveWeights(target: ModelTarget, options?: SaveWeightsOptions): Promise<void>;
  async saveWeights(target?: undefined, options?: SaveWeightsOptions): Promise<Uint8Array>;
  async saveWeights(target?: ModelTarget, options: SaveWeightsOptions = {}): Promise<unknown> {
    const { overwrite = true } = checkOptions("saveWeights", options, ["overwrite"]);
    return await this.#deliver(target, weightsPart(this.#build(), await this.#placement.weights()), overwrite);
  }

  /**
   * Takes weights from a file that `save` or `saveWeights` has written, or from a safetensors file whose tensors are named as
   * this model's weights are: "conv2d/kernel". The optimizer goes on as it was. Keras' `load_weights`. Throws
   * `ModelFileError` where the file is damaged or its weights do not fit; the model is unchanged then.
   */
  async loadWeights(source: ModelSource, options: LoadWeightsOptions = {}): Promise<void> {
    checkOptions("loadWeights", options, ["byName", "skipMismatch"]);
    const network = this.#build();
    const bytes = await readSource(source);
    const loaded = await fromFile(sourceName(source), async () =>
      readWeights(network, parseModelFile(bytes, false), options),
    );
    const known = await this.#placement.weights();
    await this.#placement.replace(known.map((values, index) => Float32Array.from(loaded[index] ?? values)));
  }

  /**
   * Frees what the model holds on its backend; the backend itself stays. The model cannot be used afterwards. Other models
   * that share its layers go on with the weights of the last copy, which `fit` takes when it ends.
   */
  dispose(): void {
    this.#placement.dispose();
  }

  /** Milliseconds spent on making and compiling plans since `compile`. */
  get compileMs(): number {
    return this.#placement.compileMs;
  }

  override call<Called extends SymbolicTensors = SymbolicTensor>(inputs: SymbolicTensors): Called {
    const outputs = this.connect(this.#inOrder(inputs));
    return arranged(this.#tensors().outputs, outputs) as Called;
  }

  protected override infer(shapes: readonly Shape[], label: string): readonly Shape[] {
    const { inputs, outputs } = this.#build();
    if (shapes.length !== inputs.length) {
      throw new ArgumentError(
        `model ${label} takes ${inputs.length} tensors (${inputs.map(({ name }) => name).join(", ")}), got ${shapes.length}`,
      );
    }
    shapes.forEach((shape, index) => {
      const { name, shape: expected } = inputs[index]!;
      if (!sameShape(shape, expected)) {
        throw new ShapeError(
          `model ${label}: its input ${name} takes samples ${formatShape(expected)}, got ${formatShape(shape)}`,
        );
      }
    });
    return outputs.map(({ shape }) => shape);
  }

  override connect(inputs: readonly SymbolicTensor[], label: string = this.label): readonly SymbolicTensor[] {
    return this.record(
      inputs,
      this.infer(
        inputs.map(({ shape }) => shape),
        label,
      ),
    );
  }

  /** Whether it was compiled. */
  protected get isCompiled(): boolean {
    return this.#placement.settings !== undefined;
  }

  /** Forgets the layers as they were: there are more now. */
  protected rebuild(): void {
    this.#network = undefined;
  }

  #inOrder(inputs: SymbolicTensors): readonly SymbolicTensor[] {
    const own = this.#tensors().inputs;
    if (inputs instanceof SymbolicTensor || Array.isArray(inputs) || own instanceof SymbolicTensor) {
      return symbolicList(this.label, inputs);
    }
    const byName = inputs as Readonly<Record<string, SymbolicTensor>>;
    return this.#build().inputs.map(({ name }) => symbolicList(this.label, byName[name]!)[0]!);
  }

  #build(): Network {
    if (this.#network === undefined) {
      if (this.#building) {
        throw new ArgumentError(`model ${this.label} contains itself, a cycle; put another model into it`);
      }
      this.#building = true;
      try {
        const { inputs, outputs, declaredInputs } = this.#tensors();
        this.#network = buildNetwork({
          model: this,
          inputs: namedTensors(this.label, inputs),
          outputs: namedTensors(this.label, outputs),
          seed: this.seed,
          declaredInputs,
        });
      } finally {
        this.#building = false;
      }
    }
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

  /** Options of a call that prints: where several processes train together, the first alone does. */
  #spoken<O extends { readonly verbose?: unknown }>(options: O): O {
    return this.#writes ? options : { ...options, verbose: 0 };
  }

  /** Writes a file; where several processes train together, on the first alone. */
  async #deliver(...[target, ...rest]: Parameters<typeof deliver>): Promise<unknown> {
    return target === undefined || this.#writes ? await deliver(target, ...rest) : undefined;
  }

  get #writes(): boolean {
    return (this.#placement.settings?.backend.group?.rank ?? 0) === 0;
  }

  #samples(
    whatX: string,
    whatY: string,
    x: ModelData,
    y: ModelData,
    options: SampleOptions & Pick<FitOptions, "verbose">,
  ): HostSamples {
    const warn = options.verbose === 0 ? (): void => undefined : console.warn;
    return labelledSamples(this.#expectCompiled(), [whatX, whatY], x, y, options, warn);
  }

  /** What `fit` validates on, checked. */
  #validation({ validationData: data }: FitOptions): ValidationSamples {
    if (data === undefined || data instanceof Dataset) {
      return data;
    }
    const [x, y, sampleWeight] = data;
    return x === undefined || y === undefined
      ? undefined
      : this.#samples("validation x", "validation y", x, y, { sampleWeight });
  }

  async #whileFitting<T>(train: () => Promise<T>): Promise<T> {
    if (this.#fitting) {
      throw new StateError("this model is training already; wait for fit to end before training it again");
    }
    this.#warnOfTrainable();
    this.#fitting = true;
    try {
      return await train();
    } finally {
      this.#fitting = false;
    }
  }

  /** As in Keras, `trainable` counts as it was when the model was compiled. */
  #warnOfTrainable(): void {
    const { layout } = this.#expectCompiled();
    const changed: string[] = [];
    for (const [layer, trainable] of layout.trainable) {
      if (layer.trainable !== trainable) {
        changed.push(layer.label);
      }
    }
    if (changed.length > 0 && !this.#warned) {
      this.#warned = true;
      console.warn(
        `trainable of ${changed.join(", ")} was changed after compile and does not count yet; call compile again`,
      );
    }
  }
}
