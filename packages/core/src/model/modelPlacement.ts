import { DeviceError } from "../errors.js";
import type { CompiledModel } from "./buildPlan.js";
import { explainFailure, withRemedy } from "./deviceFailure.js";
import { DeviceModel } from "./deviceModel.js";

/** What helps when a device has failed. */
const moveOn = "compile it with another backend and call again";

/** Where a model's weights are: on the host, on its device, or still on the one of an earlier `compile`. */
export class ModelPlacement {
  readonly #draw: () => readonly Float32Array[];
  /** The weights while no device holds them. */
  #weights: readonly Float32Array[] | undefined;
  #device: DeviceModel | undefined;
  #former: DeviceModel | undefined;

  /** @param draw makes the first weights when they are first wanted */
  constructor(draw: () => readonly Float32Array[]) {
    this.#draw = draw;
  }

  /** Milliseconds spent on making and compiling plans for the device so far. */
  get compileMs(): number {
    return this.#device?.compileMs ?? 0;
  }

  /** The weights; of a device that has failed the newest copy. */
  async weights(): Promise<readonly Float32Array[]> {
    const holder = this.#device ?? this.#former;
    return holder === undefined ? this.#hostWeights() : await holder.weights();
  }

  /** Replaces the weights of a model that has not been compiled; undefined: by first ones. */
  replaceHostWeights(weights: readonly Float32Array[] | undefined): void {
    this.#weights = weights;
  }

  /** The model has been compiled anew: its next device takes the weights from this one. */
  moveOn(): void {
    this.#former = this.#device ?? this.#former;
    this.#device = undefined;
  }

  /** The model on its device, with the weights of an earlier device where there was one. */
  async onDevice(compiled: CompiledModel): Promise<DeviceModel> {
    if (this.#device?.failed) {
      this.moveOn();
    }
    if (this.#device === undefined) {
      const weights = (await this.#former?.weights()) ?? this.#hostWeights();
      // Another call may have got here while the weights were read.
      if (this.#device === undefined) {
        this.#former?.dispose();
        this.#former = undefined;
        // They stay on the host until the device has taken them.
        this.#weights = weights;
        this.#device = openDevice(compiled, weights);
        this.#weights = undefined;
      }
    }
    return this.#device;
  }

  /** Runs work on the device. Where that fails, the error says how to go on. */
  async run<T>(compiled: CompiledModel, work: (device: DeviceModel) => Promise<T>): Promise<T> {
    const device = await this.onDevice(compiled);
    const remedy = (): string => {
      const steps = device.iteration - device.lastGood.newest.beforeStep;
      const age =
        steps > 0 ? `a copy of its weights, ${steps} training step${steps > 1 ? "s" : ""} old` : "its weights";
      return `The model holds ${age}; ${moveOn}`;
    };
    return await explainFailure(device, remedy, () => work(device));
  }

  dispose(): void {
    this.#device?.dispose();
    this.#former?.dispose();
  }

  #hostWeights(): readonly Float32Array[] {
    this.#weights ??= this.#draw();
    return this.#weights;
  }
}

function openDevice(compiled: CompiledModel, weights: readonly Float32Array[]): DeviceModel {
  try {
    return new DeviceModel(compiled, weights);
  } catch (error) {
    throw error instanceof DeviceError ? withRemedy(error, `The model holds its weights; ${moveOn}`) : error;
  }
}
