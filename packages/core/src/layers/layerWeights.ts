import { ArgumentError, formatShape } from "../errors.js";
import { sizeOf } from "../ops/definition.js";
import { RandomStream } from "../random/index.js";
import type { ParameterSpec } from "./definition.js";

/** A model that has newer values of layers' weights on its device than the host. */
export interface WeightsHolder {
  /** Whether they are changing right now. */
  readonly training: boolean;
  /** The newest values of all that it holds. */
  readHeld(): Promise<ReadonlyMap<LayerWeights, readonly Float32Array[]>>;
}

/**
 * The weights of one layer, of which there is one set however many models the layer is in. They are on the host, or a model
 * has newer ones on its device: then that model is their holder. `version` changes whenever they do.
 */
export class LayerWeights {
  readonly parameters: readonly ParameterSpec[];
  #values: readonly Float32Array[] | undefined;
  #holder: WeightsHolder | undefined;
  #origin: { readonly seed: number; readonly instance: number; readonly layer: string } | undefined;
  #version = 0;

  constructor(parameters: readonly ParameterSpec[]) {
    this.parameters = parameters;
  }

  get version(): number {
    return this.#version;
  }

  /** The model that has newer values than the host. */
  get holder(): WeightsHolder | undefined {
    return this.#holder;
  }

  /**
   * Says what the first values are drawn from: the seed of the first model that the layer is in, and their number there.
   * @param layer the layer's name in that model, for errors
   */
  claim(seed: number, instance: number, layer: string): void {
    this.#origin ??= { seed, instance, layer };
  }

  /** What the first values are drawn from; undefined before a model says it. */
  get origin(): { readonly seed: number; readonly instance: number } | undefined {
    return this.#origin && { seed: this.#origin.seed, instance: this.#origin.instance };
  }

  /** The values on the host, drawn when they are first wanted. Not the newest where there is a holder. */
  onHost(): readonly Float32Array[] {
    const { seed, instance, layer } = this.#origin ?? { seed: 0, instance: 0, layer: "a layer" };
    this.#values ??= this.parameters.map((parameter, index) =>
      draw(layer, parameter, new RandomStream(seed, "initializer", instance + index)),
    );
    return this.#values;
  }

  /** The newest values. */
  async newest(): Promise<readonly Float32Array[]> {
    return (await this.#holder?.readHeld())?.get(this) ?? this.onHost();
  }

  /** Notes values that come from the host; models that have others on their devices take these before they run again. */
  replace(values: readonly Float32Array[]): void {
    this.#values = values;
    this.#holder = undefined;
    this.#version++;
  }

  /** Notes that a model has newer values on its device from now on. */
  hold(holder: WeightsHolder): void {
    this.#holder = holder;
    this.#values = undefined;
    this.#version++;
  }
}

/** Throws where the host has no memory for it: a layer that is larger by far than was meant. */
function draw(layer: string, { name, shape, initializer }: ParameterSpec, random: RandomStream): Float32Array {
  return withinMemory(`${layer}/${name} ${formatShape(shape)}`, 4 * sizeOf(shape), () =>
    initializer.draw(shape, random),
  );
}

/** Allocates on the host. Throws `ArgumentError` with the size where there is no memory for it. */
export function withinMemory<T>(what: string, bytes: number, allocate: () => T): T {
  try {
    return allocate();
  } catch (error) {
    if (!(error instanceof RangeError)) {
      throw error;
    }
    throw new ArgumentError(
      `${what} takes ${formatBytes(bytes)}, for which there is no memory. ` +
        "Use smaller layers, or make their inputs smaller by pooling or strides",
      { cause: error },
    );
  }
}

/** 1.5 GiB */
function formatBytes(bytes: number): string {
  return bytes >= 2 ** 30 ? `${(bytes / 2 ** 30).toFixed(1)} GiB` : `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}
