import type { DeviceBuffer } from "../../backend/index.js";
import type { OptimizerState } from "../../callbacks/index.js";
import type { Config } from "../../config.js";
import { ArgumentError } from "../../errors.js";
import type { Optimizer } from "../../optimizers/index.js";
import { bufferNames } from "../declare/bufferNames.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { PlacedParameter } from "../declare/parameterLayout.js";

/** What an optimizer keeps: slots and gradients on the device, how many steps it has made, the rate that it was set to. */
export class OptimizerMemory {
  readonly #settings: CompileSettings;
  /** Gradients and slots by name, once a training step wants them. */
  readonly #buffers: Record<string, DeviceBuffer> = {};
  /** The rate that has taken the place of the optimizer's own. */
  #rate: number | undefined;
  /** Training steps started since the optimizer was made. */
  iteration = 0;

  constructor(settings: CompileSettings) {
    this.#settings = settings;
  }

  /** What a plan of a training step binds; made with the first one. */
  buffers(): Readonly<Record<string, DeviceBuffer>> {
    const { layout, backend } = this.#settings;
    const names = [bufferNames.gradients, ...this.#slotNames().map((_, index) => bufferNames.slot(index))];
    const missing = names.filter((name) => this.#buffers[name] === undefined);
    for (const name of missing) {
      this.#buffers[name] = backend.createBuffer(name, { dtype: "float32", length: layout.trainedLength });
    }
    if (missing.length > 0) {
      this.#fillSlots();
    }
    return this.#buffers;
  }

  /** Learning rate of the step `iteration`. */
  rateAt(iteration: number): number {
    return this.#rate ?? this.#settings.optimizer.schedule(iteration);
  }

  /** Learning rate of the steps that are not started yet. Throws `ArgumentError` when set beside a schedule or to what is no rate. */
  get learningRate(): number {
    return this.rateAt(this.iteration);
  }

  set learningRate(rate: number) {
    const { name, rateIsSettable } = this.#settings.optimizer;
    if (!rateIsSettable) {
      throw new ArgumentError(
        `the learning rate cannot be set to ${rate}: optimizer ${name} has a schedule, which sets it at every step. ` +
          `Give it a number, ${name}({ learningRate: 0.001 }), or leave the rate to the schedule`,
      );
    }
    if (!(rate >= 0 && Number.isFinite(rate))) {
      throw new ArgumentError(`the learning rate is set to ${rate}, expected a finite number of at least 0`);
    }
    this.#rate = rate;
  }

  /** Starts the optimizer anew. A rate that was set stays. */
  restart(): void {
    this.iteration = 0;
    for (const buffer of Object.values(this.#buffers)) {
      buffer.write(new Float32Array(buffer.length));
    }
    this.#fillSlots();
  }

  /** The average of the trained weights that takes their place when training ends, where one is kept. */
  async average(): Promise<Float32Array | undefined> {
    const { averageSlot } = this.#settings.optimizer;
    const buffer = averageSlot === undefined ? undefined : this.#buffers[bufferNames.slot(averageSlot)];
    return buffer !== undefined && this.iteration > 0 ? ((await buffer.read()) as Float32Array) : undefined;
  }

  /** All of it after everything started so far. */
  async read(): Promise<OptimizerState> {
    const { iteration } = this;
    const { optimizer } = this.#settings;
    const config = configOf(optimizer);
    const rate = this.#rate;
    const flat = await Promise.all(this.#slotNames().map((_, index) => this.#readSlot(index)));
    const slots = this.#slotNames().map((slot, index) => [slot, this.#split(flat[index]!)] as const);
    return {
      name: optimizer.name,
      ...(config === undefined ? {} : { config }),
      iteration,
      ...(rate === undefined ? {} : { learningRate: rate }),
      slots: Object.fromEntries(slots),
    };
  }

  /** Takes over a state that fits, as `checkTrainingState` says. */
  write({ iteration, learningRate, slots }: OptimizerState): void {
    this.iteration = iteration;
    this.#rate = learningRate;
    const buffers = this.buffers();
    for (const [index, slot] of this.#slotNames().entries()) {
      const flat = this.#initialSlot(index);
      for (const { path, offset } of this.#trained()) {
        flat.set(slots[slot]![path]!, offset);
      }
      buffers[bufferNames.slot(index)]!.write(flat);
    }
  }

  dispose(): void {
    for (const buffer of Object.values(this.#buffers)) {
      buffer.dispose();
    }
  }

  #slotNames(): readonly string[] {
    return slotNames(this.#settings);
  }

  #trained(): readonly PlacedParameter[] {
    return this.#settings.layout.parameters.filter(({ trained }) => trained);
  }

  /** A slot before the first step. */
  #initialSlot(index: number): Float32Array {
    const { layout, optimizer } = this.#settings;
    return new Float32Array(layout.trainedLength).fill(optimizer.initialSlots?.[index] ?? 0);
  }

  async #readSlot(index: number): Promise<Float32Array> {
    const buffer = this.#buffers[bufferNames.slot(index)];
    return buffer === undefined ? this.#initialSlot(index) : ((await buffer.read()) as Float32Array);
  }

  #split(flat: Float32Array): Record<string, Float32Array> {
    return Object.fromEntries(
      this.#trained().map(({ path, offset, size }) => [path, flat.slice(offset, offset + size)]),
    );
  }

  /** Gives slots that do not start at 0 their first values. */
  #fillSlots(): void {
    for (const [slot, value] of (this.#settings.optimizer.initialSlots ?? []).entries()) {
      if (value !== 0) {
        this.#buffers[bufferNames.slot(slot)]?.write(this.#initialSlot(slot));
      }
    }
  }
}

/** Names of the optimizer's slots. */
export function slotNames({ optimizer }: Pick<CompileSettings, "optimizer">): readonly string[] {
  return optimizer.slotNames ?? Array.from({ length: optimizer.slots }, (_, index) => `slot${index}`);
}

/** The options of an optimizer as plain JSON; undefined for one that does not say how it is made, such as with a schedule of one's own. */
export function configOf(optimizer: Optimizer): Config | undefined {
  try {
    return optimizer.config;
  } catch (error) {
    if (error instanceof ArgumentError) {
      return undefined;
    }
    throw error;
  }
}
