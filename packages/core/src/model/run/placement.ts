import { DeviceError } from "../../errors.js";
import type { LayerWeights, WeightsHolder } from "../../layers/layerWeights.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { Network } from "../declare/network.js";
import { explainFailure, withRemedy } from "./deviceFailure.js";
import { DeviceModel } from "./deviceModel.js";

/** What helps when a device has failed. */
const moveOn = "compile it with another backend and call again";

/**
 * Where a model's weights are: on the host, on its device, or still on the one of an earlier `compile`. Layers that are in
 * several models have their newest weights where they were changed last; the other models fetch them before they run.
 */
export class Placement implements WeightsHolder {
  readonly #network: () => Network;
  #settings: CompileSettings | undefined;
  #device: DeviceModel | undefined;
  #former: DeviceModel | undefined;
  #training = false;
  #disposed = false;
  /** What `#shared` found out of a network. */
  #known: { readonly network: Network; readonly weights: readonly LayerWeights[] } | undefined;
  /** Which version of each layer's weights the device has. */
  #versions = new Map<LayerWeights, number>();

  /** @param network gives the model's network, built if need be */
  constructor(network: () => Network) {
    this.#network = network;
  }

  /** What the model was compiled with; undefined before. */
  get settings(): CompileSettings | undefined {
    return this.#settings;
  }

  /** Milliseconds spent on making and compiling plans since the model was compiled. */
  get compileMs(): number {
    return this.#device?.compileMs ?? 0;
  }

  get training(): boolean {
    return this.#training;
  }

  /** The weights, wherever the newest are; of a device that has failed the newest copy. */
  async weights(): Promise<readonly Float32Array[]> {
    this.#device?.weights.expectAlive();
    const held = new Map<LayerWeights, readonly Float32Array[]>();
    for (const holder of new Set(this.#shared().flatMap((weights) => weights.holder ?? []))) {
      for (const [weights, values] of await holder.readHeld()) {
        held.set(weights, values);
      }
    }
    return this.#network().parameters.map(({ weights, index }) => (held.get(weights) ?? weights.onHost())[index]!);
  }

  async readHeld(): Promise<ReadonlyMap<LayerWeights, readonly Float32Array[]>> {
    return this.#held(await (this.#device ?? this.#former)!.weights.newest());
  }

  /** Replaces the weights, on the device where the model is compiled. */
  async replace(values: readonly Float32Array[]): Promise<void> {
    const device = this.#settings && (await this.device());
    device?.weights.write(values);
    for (const [weights, own] of byLayer(this.#network(), values)) {
      if (device === undefined) {
        weights.replace(own);
      } else {
        this.#hold(weights);
      }
    }
  }

  /** Takes the model as it has been compiled anew: its next device takes the weights from this one. */
  compile(settings: CompileSettings): void {
    this.#settings = settings;
    this.#leaveDevice();
  }

  /** The compiled model on its device, with the newest weights. */
  async device(): Promise<DeviceModel> {
    if (this.#device?.weights.failed) {
      this.#leaveDevice();
    }
    for (;;) {
      const device = this.#device;
      if (device !== undefined && this.#shared().every((weights) => this.#isKnown(weights))) {
        return device;
      }
      const settings = this.#settings!;
      const versions = this.#shared().map((weights) => [weights, versionOf(weights)] as const);
      const values = await this.weights();
      // Another call may have got here, or the model may have been compiled anew, while the weights were read.
      if (device !== this.#device || settings !== this.#settings) {
        continue;
      }
      if (device === undefined) {
        this.#open(settings, values);
      } else {
        device.weights.write(values);
      }
      for (const [weights, version] of versions) {
        // Those that went over the host just now have another.
        this.#versions.set(weights, weights.holder === undefined ? weights.version : version);
      }
      if (versions.some(([, version]) => version === changing)) {
        return this.#device!;
      }
    }
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

  /** Runs work that changes the weights of the layers that are not frozen. */
  async train<T>(work: () => Promise<T>): Promise<T> {
    this.#holdTrained();
    this.#training = true;
    try {
      return await work();
    } finally {
      this.#training = false;
      this.#holdTrained();
    }
  }

  /** Frees what is on the device. Layers keep their newest copies for the other models that they are in. */
  dispose(): void {
    this.#disposed = true;
    const holding = this.#device ?? this.#former;
    if (holding !== undefined) {
      for (const [weights, values] of this.#held(holding.weights.lastGood.newest.weights)) {
        weights.replace(values);
      }
    }
    this.#device?.dispose();
    this.#former?.dispose();
  }

  /** Opens the device. The weights stay on the host until it has taken them. */
  #open(settings: CompileSettings, values: readonly Float32Array[]): void {
    for (const [weights, own] of this.#held(values)) {
      weights.replace(own);
    }
    this.#former?.dispose();
    this.#former = undefined;
    this.#device = openDevice(settings, values);
  }

  #leaveDevice(): void {
    this.#former = this.#device ?? this.#former;
    this.#device = undefined;
    this.#versions = new Map();
  }

  /** The weights of all layers. */
  #shared(): readonly LayerWeights[] {
    const network = this.#network();
    if (this.#known?.network !== network) {
      this.#known = { network, weights: [...new Set(network.parameters.map(({ weights }) => weights))] };
    }
    return this.#known.weights;
  }

  #isKnown(weights: LayerWeights): boolean {
    return weights.holder === this || this.#versions.get(weights) === weights.version;
  }

  /** Those of the layers whose newest weights are here, from values for all parameters. */
  #held(values: readonly Float32Array[]): Map<LayerWeights, readonly Float32Array[]> {
    return new Map([...byLayer(this.#network(), values)].filter(([weights]) => weights.holder === this));
  }

  #holdTrained(): void {
    const { network, layout } = this.#settings!;
    for (const { layer, parameters } of this.#disposed ? [] : network.leaves) {
      if (parameters.length > 0 && !layout.frozen.has(layer)) {
        this.#hold(layer.weights!);
      }
    }
  }

  #hold(weights: LayerWeights): void {
    weights.hold(this);
    this.#versions.set(weights, weights.version);
  }
}

/** Version of weights that another model is training: no copy of them stays good. */
const changing = -1;

function versionOf({ holder, version }: LayerWeights): number {
  return holder?.training ? changing : version;
}

/** Values for all parameters, by layer. */
function byLayer({ parameters }: Network, values: readonly Float32Array[]): Map<LayerWeights, readonly Float32Array[]> {
  const layers = new Map<LayerWeights, Float32Array[]>();
  parameters.forEach(({ weights, index }, position) => {
    const own = layers.get(weights) ?? [];
    own[index] = values[position]!;
    layers.set(weights, own);
  });
  return layers;
}

function openDevice(settings: CompileSettings, weights: readonly Float32Array[]): DeviceModel {
  try {
    return new DeviceModel(settings, weights);
  } catch (error) {
    throw error instanceof DeviceError ? withRemedy(error, `The model holds its weights; ${moveOn}`) : error;
  }
}
