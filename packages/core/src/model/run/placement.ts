import { DeviceError } from "../../errors.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import { explainFailure, withRemedy } from "./deviceFailure.js";
import { DeviceModel } from "./deviceModel.js";

/** What helps when a device has failed. */
const moveOn = "compile it with another backend and call again";

/** Where a model's weights are: on the host, on its device, or still on the one of an earlier `compile`. */
export class Placement {
  readonly #draw: () => readonly Float32Array[];
  #settings: CompileSettings | undefined;
  /** The weights while no device holds them. */
  #weights: readonly Float32Array[] | undefined;
  #device: DeviceModel | undefined;
  #former: DeviceModel | undefined;

  /** @param draw makes the first weights when they are first wanted */
  constructor(draw: () => readonly Float32Array[]) {
    this.#draw = draw;
  }

  /** What the model was compiled with; undefined before. */
  get settings(): CompileSettings | undefined {
    return this.#settings;
  }

  /** Milliseconds spent on making and compiling plans since the model was compiled. */
  get compileMs(): number {
    return this.#device?.compileMs ?? 0;
  }

  /** The weights; of a device that has failed the newest copy. */
  async weights(): Promise<readonly Float32Array[]> {
    const holder = this.#device ?? this.#former;
    return holder === undefined ? this.#hostWeights() : await holder.weights.newest();
  }

  /** Replaces the weights of a model that has not been compiled; undefined: by first ones. */
  replaceHostWeights(weights: readonly Float32Array[] | undefined): void {
    this.#weights = weights;
  }

  /** Takes the model as it has been compiled anew: its next device takes the weights from this one. */
  compile(settings: CompileSettings): void {
    this.#settings = settings;
    this.#leaveDevice();
  }

  /** The compiled model on its device, with the weights of an earlier device where there was one. */
  async device(): Promise<DeviceModel> {
    if (this.#device?.weights.failed) {
      this.#leaveDevice();
    }
    while (this.#device === undefined) {
      const settings = this.#settings!;
      const weights = (await this.#former?.weights.newest()) ?? this.#hostWeights();
      // Another call may have got here, or the model may have been compiled anew, while the weights were read.
      if (this.#device === undefined && settings === this.#settings) {
        this.#former?.dispose();
        this.#former = undefined;
        // They stay on the host until the device has taken them.
        this.#weights = weights;
        this.#device = openDevice(settings, weights);
        this.#weights = undefined;
      }
    }
    return this.#device;
  }

  /** Runs work on the device. Where that fails, the error says how to go on. */
  async run<T>(work: (device: DeviceModel) => Promise<T>): Promise<T> {
    const device = await this.device();
    const remedy = (): string => {
      const { iteration, lastGood } = device.weights;
      const steps = iteration - lastGood.newest.beforeStep;
      const age =
        steps > 0 ? `a copy of its weights, ${steps} training step${steps > 1 ? "s" : ""} old` : "its weights";
      return `The model holds ${age}; ${moveOn}`;
    };
    return await explainFailure(device.weights, remedy, () => work(device));
  }

  dispose(): void {
    this.#device?.dispose();
    this.#former?.dispose();
  }

  #leaveDevice(): void {
    this.#former = this.#device ?? this.#former;
    this.#device = undefined;
  }

  #hostWeights(): readonly Float32Array[] {
    this.#weights ??= this.#draw();
    return this.#weights;
  }
}

function openDevice(settings: CompileSettings, weights: readonly Float32Array[]): DeviceModel {
  try {
    return new DeviceModel(settings, weights);
  } catch (error) {
    throw error instanceof DeviceError ? withRemedy(error, `The model holds its weights; ${moveOn}`) : error;
  }
}
