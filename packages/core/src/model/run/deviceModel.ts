import type { DeviceBuffer, Executable } from "../../backend/index.js";
import type { DatasetExtras, DeviceDataset } from "../data/deviceDataset.js";
import { DeviceDatasets } from "../data/deviceDatasets.js";
import type { HostSamples } from "../data/hostSamples.js";
import type { ModelMode } from "../declare/buildPlan.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import { Arenas } from "./arenas.js";
import { DeviceWeights } from "./deviceWeights.js";
import { Plans } from "./plans.js";

/** A compiled model on its device: weights, data sets, plans and scratch memory, and executables made of all of them. */
export class DeviceModel {
  /** What was compiled. */
  readonly settings: CompileSettings;
  readonly weights: DeviceWeights;
  readonly datasets: DeviceDatasets;
  readonly #plans: Plans;
  readonly #arenas: Arenas;
  /** Milliseconds spent on plans and their compilation. */
  compileMs = 0;

  constructor(settings: CompileSettings, weights: readonly Float32Array[]) {
    this.settings = settings;
    this.weights = new DeviceWeights(settings, weights);
    this.datasets = new DeviceDatasets(settings.backend);
    this.#plans = new Plans(settings);
    this.#arenas = new Arenas(settings.backend);
  }

  /** Lends samples on the device for the length of `use`, as `DeviceDatasets` says. */
  async lend<T>(
    samples: HostSamples,
    extras: Pick<DatasetExtras, "predictionSize">,
    use: (dataset: DeviceDataset) => Promise<T>,
  ): Promise<T> {
    this.weights.expectAlive();
    return await this.datasets.lend(samples, extras, use);
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
    const plan = this.#plans.get(mode, batchSize, dataset.signature);
    const available = { ...dataset.buffers, ...this.weights.buffers(mode) };
    const bound = Object.fromEntries(
      Object.keys(plan.buffers).map((name): [string, DeviceBuffer] => [name, available[name]!]),
    );
    const compiled = await this.#arenas.with(plan.arenaBytes, (arena) =>
      this.settings.backend.compile(plan, { ...bound, arena }),
    );
    const executable = mode === "train" ? this.weights.watch(compiled) : compiled;
    dataset.executables.set(key, executable);
    this.compileMs += performance.now() - start;
    return executable;
  }

  /** Frees everything on the device but the backend itself. */
  dispose(): void {
    this.weights.dispose();
    this.datasets.dispose();
    this.#arenas.dispose();
  }
}
