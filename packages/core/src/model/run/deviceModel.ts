import type { Backend, DeviceBuffer, Executable } from "../../backend/index.js";
import { DeviceError, StateError } from "../../errors.js";
import type { Plan } from "../../plan/index.js";
import { DeviceDataset, type HostSamples, signatureOf } from "../data/deviceDataset.js";
import { buildPlan, type CompiledModel, type DataSignature, slotBuffer } from "../declare/buildPlan.js";
import { flattenParameters, splitParameters } from "../declare/parameterLayout.js";
import { LastGoodWeights } from "./lastGoodWeights.js";

/** What plans are for. */
export type ModelMode = "train" | "evaluate" | "predict";

/** Data sets that wait for samples of the same shape; more are freed. */
const mostIdle = 4;

/** A compiled model's memory on its backend, its plans, and the executables made of them. */
export class DeviceModel {
  readonly #model: CompiledModel;
  readonly #parameters: DeviceBuffer;
  readonly #training: Record<string, DeviceBuffer> = {};
  readonly #arenas: DeviceBuffer[] = [];
  readonly #plans: Map<string, Plan> = new Map();
  readonly #datasets: Set<DeviceDataset> = new Set();
  /** By signature, the longest unused first. */
  readonly #idle: { readonly key: string; readonly dataset: DeviceDataset }[] = [];
  #disposed = false;
  #failed = false;
  /** What the model falls back to when the loss leaves the numbers or the device fails. */
  readonly lastGood: LastGoodWeights;
  /** Training steps since the optimizer was made. */
  iteration = 0;
  /** Milliseconds spent on plans and their compilation. */
  compileMs = 0;

  constructor(model: CompiledModel, weights: readonly Float32Array[]) {
    this.#model = model;
    this.#parameters = model.backend.createBuffer("parameters", {
      dtype: "float32",
      // A model without parameters still has a buffer to bind.
      length: Math.max(1, model.layout.length),
    });
    this.#parameters.write(flattenParameters(model.layout, weights));
    this.lastGood = new LastGoodWeights(() => this.readWeights(), weights);
  }

  /** What was compiled. */
  get model(): CompiledModel {
    return this.#model;
  }

  get backend(): Backend {
    return this.#model.backend;
  }

  get disposed(): boolean {
    return this.#disposed;
  }

  /** Whether the device is known to have failed: what is on it is lost, and `weights` gives the newest copy. */
  get failed(): boolean {
    return this.#failed;
  }

  /**
   * Finds out whether the device has failed: whether a training step has, or not one number of the weights can be read any
   * more. Reading all of them may fail on a sound device, too: it takes memory, of which there may be too little for a while.
   */
  async hasFailed(): Promise<boolean> {
    if (!this.#failed && !this.#disposed) {
      try {
        await this.#parameters.read(0, 1);
      } catch (error) {
        this.#noteFailure(error);
        if (!(error instanceof DeviceError)) {
          throw error;
        }
      }
    }
    return this.#failed;
  }

  /** Puts data on the device for as long as this model lives or until it is released. */
  keep(dataset: DeviceDataset): DeviceDataset {
    this.#datasets.add(dataset);
    return dataset;
  }

  /** Frees a data set. */
  release(dataset: DeviceDataset): void {
    this.#datasets.delete(dataset);
    dataset.dispose();
  }

  /**
   * Lends a data set filled with samples for the length of `use`. Data sets are kept for later calls with samples of the
   * same shape, so that predicting one image after the other compiles once.
   */
  async lend<T>(
    samples: HostSamples,
    predictionSize: number | undefined,
    use: (dataset: DeviceDataset) => Promise<T>,
  ): Promise<T> {
    this.#expectAlive();
    const key = JSON.stringify([signatureOf(samples, false), predictionSize]);
    const position = this.#idle.findIndex((entry) => entry.key === key);
    const [known] = position < 0 ? [] : this.#idle.splice(position, 1);
    known?.dataset.refill(samples);
    const dataset = known?.dataset ?? this.keep(new DeviceDataset(this.backend, samples, false, predictionSize));
    let result: T;
    try {
      result = await use(dataset);
    } catch (error) {
      // Its memory may be what is missing.
      this.release(dataset);
      throw error;
    }
    this.#idle.push({ key, dataset });
    while (this.#idle.length > mostIdle) {
      this.release(this.#idle.shift()!.dataset);
    }
    return result;
  }

  /** The plan of a step, made once. */
  plan(mode: ModelMode, batchSize: number, data: DataSignature): Plan {
    const key = JSON.stringify([mode, batchSize, data]);
    const known = this.#plans.get(key);
    if (known !== undefined) {
      return known;
    }
    const plan = buildPlan(this.#model, mode, batchSize, data);
    this.#plans.set(key, plan);
    return plan;
  }

  /** A step ready to run on a data set, made once. */
  async executable(mode: ModelMode, batchSize: number, dataset: DeviceDataset): Promise<Executable> {
    this.#expectAlive();
    const key = `${mode}/${batchSize}`;
    const known = dataset.executables.get(key);
    if (known !== undefined) {
      return known;
    }
    const start = performance.now();
    const plan = this.plan(mode, batchSize, dataset.signature);
    const available: Record<string, DeviceBuffer> = {
      ...dataset.buffers,
      ...(mode === "train" ? this.#trainingBuffers() : {}),
      parameters: this.#parameters,
    };
    const bound = Object.fromEntries(Object.keys(plan.buffers).map((name) => [name, available[name]!]));
    const compiled = await this.#compile(plan, bound);
    const executable = mode === "train" ? this.#watched(compiled) : compiled;
    dataset.executables.set(key, executable);
    this.compileMs += performance.now() - start;
    return executable;
  }

  /** Compiles with an arena. Where memory for it turns out missing, another attempt, with a smaller batch say, makes its own. */
  async #compile(plan: Plan, buffers: Readonly<Record<string, DeviceBuffer>>): Promise<Executable> {
    const shared = this.#arenas.length;
    const arena = this.#arena(plan.arenaBytes);
    try {
      return await this.backend.compile(plan, { ...buffers, arena });
    } catch (error) {
      if (this.#arenas.indexOf(arena) >= shared) {
        this.#arenas.splice(this.#arenas.indexOf(arena), 1);
        arena.dispose();
      }
      throw error;
    }
  }

  /**
   * The weights: those on the device, after everything started so far, or the newest copy of them where it has failed. Throws
   * where it has not and they cannot be read even so: older ones in their place would undo training.
   */
  async weights(): Promise<readonly Float32Array[]> {
    this.#expectAlive();
    if (!this.#failed) {
      try {
        return await this.readWeights();
      } catch (error) {
        if (!(error instanceof DeviceError && (await this.hasFailed()))) {
          throw error;
        }
      }
    }
    return this.lastGood.newest.weights;
  }

  /** The weights on the device, in Keras' order, after everything started so far. */
  async readWeights(): Promise<Float32Array<ArrayBuffer>[]> {
    this.#expectAlive();
    return splitParameters(this.#model.layout, (await this.#parameters.read()) as Float32Array);
  }

  /** Replaces the weights. */
  writeWeights(weights: readonly Float32Array[]): void {
    this.#expectAlive();
    this.#parameters.write(flattenParameters(this.#model.layout, weights));
    this.lastGood.reset(weights, this.iteration);
  }

  /** Goes back to the last good weights; the optimizer starts anew, as its slots may hold what spoiled the loss. */
  restoreLastGood(): void {
    this.iteration = 0;
    this.writeWeights(this.lastGood.weights);
    for (const buffer of Object.values(this.#training)) {
      buffer.write(new Float32Array(buffer.length));
    }
  }

  /** Frees everything on the device but the backend itself. */
  dispose(): void {
    this.#disposed = true;
    for (const dataset of this.#datasets) {
      dataset.dispose();
    }
    this.#datasets.clear();
    for (const buffer of [this.#parameters, ...Object.values(this.#training), ...this.#arenas]) {
      buffer.dispose();
    }
  }

  /**
   * A step in which the device fails may have left anything in the weights, whether they can still be read or not. Any other
   * error, such as that of an argument, says nothing of the device.
   */
  #watched(executable: Executable): Executable {
    return {
      run: async (steps) => {
        try {
          return await executable.run(steps);
        } catch (error) {
          this.#noteFailure(error);
          throw error;
        }
      },
      dispose: () => executable.dispose(),
    };
  }

  #noteFailure(error: unknown): void {
    // Disposing of the model ends its runs and reads in a DeviceError, too.
    this.#failed ||= error instanceof DeviceError && !this.#disposed;
  }

  /** Gradients and slots come into being with the first training step. */
  #trainingBuffers(): Record<string, DeviceBuffer> {
    const { layout, optimizer } = this.#model;
    const names = ["gradients", ...Array.from({ length: optimizer.slots }, (_, slot) => slotBuffer(slot))];
    for (const name of names) {
      this.#training[name] ??= this.backend.createBuffer(name, { dtype: "float32", length: layout.trainableLength });
    }
    return this.#training;
  }

  /** All plans share the scratch memory; one that needs more gets a larger block, which later ones share. */
  #arena(bytes: number): DeviceBuffer {
    const fitting = this.#arenas.find(({ length }) => length >= bytes);
    if (fitting !== undefined) {
      return fitting;
    }
    const arena = this.backend.createBuffer("arena", { dtype: "uint8", length: Math.max(1, bytes) });
    this.#arenas.push(arena);
    return arena;
  }

  #expectAlive(): void {
    if (this.#disposed) {
      throw new StateError("the model was disposed; build a new one");
    }
  }
}
