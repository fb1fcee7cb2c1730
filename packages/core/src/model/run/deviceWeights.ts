import type { DeviceBuffer, Executable } from "../../backend/index.js";
import { DeviceError, StateError } from "../../errors.js";
import { bufferNames } from "../declare/bufferNames.js";
import type { ModelMode } from "../declare/buildPlan.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import { flattenParameters, splitParameters } from "../declare/parameterLayout.js";
import { LastGoodWeights } from "./lastGoodWeights.js";
import { OptimizerMemory } from "./optimizerMemory.js";

/** A model's weights on its device, the optimizer's state beside them, and the copies of the weights on the host. */
export class DeviceWeights {
  readonly #settings: CompileSettings;
  readonly #parameters: DeviceBuffer;
  /** What the optimizer keeps beside the weights. */
  readonly optimizer: OptimizerMemory;
  #failed = false;
  #disposed = false;
  /** What the model falls back to when the loss becomes NaN or infinite or the device fails. */
  readonly lastGood: LastGoodWeights;

  constructor(settings: CompileSettings, weights: readonly Float32Array[]) {
    this.#settings = settings;
    this.optimizer = new OptimizerMemory(settings);
    this.#parameters = settings.backend.createBuffer(bufferNames.parameters, {
      dtype: "float32",
      // A model without parameters still has a buffer to bind.
      length: Math.max(1, settings.layout.length),
    });
    this.#parameters.write(flattenParameters(settings.layout, weights));
    this.lastGood = new LastGoodWeights(() => this.read(), weights);
  }

  /** Training steps started since the optimizer was made. */
  get iteration(): number {
    return this.optimizer.iteration;
  }

  /** Whether the device is known to have failed: what is on it is lost, and `newest` gives the newest copy. */
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

  /** What a plan binds beside its data: the weights, and for training gradients and slots, made with the first such plan. */
  buffers(mode: ModelMode): Readonly<Record<string, DeviceBuffer>> {
    return { ...(mode === "train" ? this.optimizer.buffers() : {}), [bufferNames.parameters]: this.#parameters };
  }

  /**
   * Counts the steps of a training executable and notes when it fails. A step in which the device fails may have left
   * anything in the weights, whether they can still be read or not. Any other error, such as that of an argument, says
   * nothing of the device.
   */
  watch(executable: Executable): Executable {
    return {
      run: async (steps) => {
        this.optimizer.iteration += steps.count;
        try {
          return await executable.run(steps);
        } catch (error) {
          // They were not trained. At 0 the optimizer has started anew while they ran.
          this.optimizer.iteration = Math.max(0, this.iteration - steps.count);
          this.#noteFailure(error);
          throw error;
        }
      },
      dispose: () => executable.dispose(),
    };
  }

  /**
   * The weights: those on the device, after everything started so far, or the newest copy of them where it has failed. Throws
   * where it has not and they cannot be read even so: older ones in their place would undo training.
   */
  async newest(): Promise<readonly Float32Array[]> {
    this.expectAlive();
    if (!this.#failed) {
      try {
        return await this.read();
      } catch (error) {
        if (!(error instanceof DeviceError && (await this.hasFailed()))) {
          throw error;
        }
      }
    }
    return this.lastGood.newest.weights;
  }

  /** The weights on the device, in Keras' order, after everything started so far. */
  async read(): Promise<Float32Array[]> {
    this.expectAlive();
    return splitParameters(this.#settings.layout, (await this.#parameters.read()) as Float32Array);
  }

  /** Replaces the weights. */
  write(weights: readonly Float32Array[]): void {
    this.expectAlive();
    this.#parameters.write(flattenParameters(this.#settings.layout, weights));
    this.lastGood.reset(weights, this.iteration);
  }

  /** Copies the weights to the host if that costs next to nothing by now: the last copy is old enough. */
  copyWhenDue(): Promise<void> {
    return this.lastGood.copyWhenDue(this.iteration);
  }

  /** Copies the weights to the host unless there is a copy of just these. */
  copyNow(): Promise<void> {
    return this.lastGood.copyNow(this.iteration);
  }

  /** Goes back to the last good weights; the optimizer starts anew, as its slots may hold what spoiled the loss. */
  restoreLastGood(): void {
    this.optimizer.restart();
    this.write(this.lastGood.weights);
  }

  /** Ends training: where the optimizer keeps an average of the weights, it takes their place. */
  async finishTraining(): Promise<void> {
    const average = await this.optimizer.average();
    if (average !== undefined) {
      // Trained weights are at the start of the buffer, as they are in the slot.
      this.#parameters.write(average);
      this.lastGood.reset(await this.read(), this.iteration);
    }
  }

  /** Throws `StateError` once the model is disposed. */
  expectAlive(): void {
    if (this.#disposed) {
      throw new StateError("the model was disposed; build a new one");
    }
  }

  dispose(): void {
    this.#disposed = true;
    this.#parameters.dispose();
    this.optimizer.dispose();
  }

  #noteFailure(error: unknown): void {
    // Disposing of the model ends its runs and reads in a DeviceError, too.
    this.#failed ||= error instanceof DeviceError && !this.#disposed;
  }
}
