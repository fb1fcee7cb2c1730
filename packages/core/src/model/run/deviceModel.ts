import type { DeviceBuffer, Executable } from "../../backend/index.js";
import type { FitState, Training } from "../../callbacks/index.js";
import type { DatasetExtras, DeviceDataset } from "../data/deviceDataset.js";
import { DeviceDatasets } from "../data/deviceDatasets.js";
import type { HostSamples } from "../data/hostSamples.js";
import type { ModelMode } from "../declare/buildPlan.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import { Arenas } from "./arenas.js";
import { DeviceWeights } from "./deviceWeights.js";
import { MetricStates } from "./metricStates.js";
import { PhasedExecutable } from "./phasedExecutable.js";
import { Plans } from "./plans.js";

/** A compiled model on its device: weights, data sets, plans and scratch memory, and executables made of all of them. */
export class DeviceModel {
  /** What was compiled. */
  readonly settings: CompileSettings;
  readonly weights: DeviceWeights;
  readonly datasets: DeviceDatasets;
  readonly metricStates: MetricStates;
  readonly #plans: Plans;
  readonly #arenas: Arenas;
  /** Milliseconds spent on plans and their compilation. */
  compileMs = 0;
  /** The `fit` that runs. */
  session: Pick<Training, "getState"> | undefined;
  /** Where the last `fit` has come to, unless it failed. */
  lastFit: FitState | undefined;

  constructor(settings: CompileSettings, weights: readonly Float32Array[]) {
    this.settings = settings;
    this.weights = new DeviceWeights(settings, weights);
    this.datasets = new DeviceDatasets(settings.backend);
    this.metricStates = new MetricStates(settings);
    this.#plans = new Plans(settings);
    this.#arenas = new Arenas(settings.backend);
  }

  /** Lends samples on the device for the length of `use`, as `DeviceDatasets` says. */
  async lend<T>(
    samples: HostSamples,
    extras: Pick<DatasetExtras, "predictionSizes" | "draws">,
    use: (dataset: DeviceDataset) => Promise<T>,
  ): Promise<T> {
    this.weights.expectAlive();
    return await this.datasets.lend(samples, extras, use);
  }

  /** Throws where there can be no plan of a step: before others run that leave it until later. */
  expectPlan(mode: ModelMode, batchSize: number, { signature, draws }: DeviceDataset): void {
    this.#plans.get(mode, batchSize, signature, 0, draws);
  }

  /** A step ready to run on a data set, made once. */
  async executable(mode: ModelMode, batchSize: number, dataset: DeviceDataset): Promise<Executable> {
    this.weights.expectAlive();
    const key = `${mode}/${batchSize}`;
    const known = dataset.executables.get(key);
    if (known !== undefined) {
      return known;
    }
    const start = performance.now();
    const executable =
      mode === "train" ? await this.#training(batchSize, dataset) : await this.#bind(mode, batchSize, dataset);
    dataset.executables.set(key, executable);
    this.compileMs += performance.now() - start;
    return executable;
  }

  /** A training step: one executable, or one for each phase of the optimizer. */
  async #training(batchSize: number, dataset: DeviceDataset): Promise<Executable> {
    const { phases } = this.settings.optimizer;
    if (phases === undefined) {
      return this.weights.watch(await this.#bind("train", batchSize, dataset));
    }
    const executables = new Map<string, Executable>();
    for (const iteration of phases.examples) {
      executables.set(phases.of(iteration), await this.#bind("train", batchSize, dataset, iteration));
    }
    return this.weights.watch(new PhasedExecutable(phases, executables));
  }

  /** A plan bound to its buffers. */
  async #bind(mode: ModelMode, batchSize: number, dataset: DeviceDataset, iteration = 0): Promise<Executable> {
    const plan = this.#plans.get(mode, batchSize, dataset.signature, iteration, dataset.draws);
    const available = { ...dataset.buffers, ...this.weights.buffers(mode), ...this.metricStates.buffers(mode) };
    const bound = Object.fromEntries(
      Object.keys(plan.buffers).map((name): [string, DeviceBuffer] => [name, available[name]!]),
    );
    return await this.#arenas.with(plan.arenaBytes, (arena) =>
      this.settings.backend.compile(plan, { ...bound, arena }),
    );
  }

  /** Frees everything on the device but the backend itself. */
  dispose(): void {
    this.weights.dispose();
    this.datasets.dispose();
    this.metricStates.dispose();
    this.#arenas.dispose();
  }
}
