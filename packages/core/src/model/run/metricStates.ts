import type { DeviceBuffer } from "../../backend/index.js";
import type { Metric } from "../../metrics/index.js";
import type { TensorData } from "../../tensor.js";
import { bufferNames } from "../declare/bufferNames.js";
import type { ModelMode } from "../declare/buildPlan.js";
import type { CompileSettings } from "../declare/compileSettings.js";

/** What metrics have counted, by their position; undefined for those that count nothing on the device. */
export type MetricCounts = readonly (TensorData | undefined)[];

/** The numbers that metrics keep on the device, in training and in evaluation apart. */
export class MetricStates {
  readonly #settings: CompileSettings;
  /** Of all outputs. */
  readonly #metrics: readonly Metric[];
  readonly #buffers: Map<ModelMode, Map<string, DeviceBuffer>> = new Map();
  #evaluations: Promise<unknown> = Promise.resolve();

  constructor(settings: CompileSettings) {
    this.#settings = settings;
    this.#metrics = settings.outputs.flatMap(({ metrics }) => metrics);
  }

  /** By name; made with the first plan that has them. */
  buffers(mode: ModelMode): Readonly<Record<string, DeviceBuffer>> {
    const known = this.#buffers.get(mode) ?? new Map<string, DeviceBuffer>();
    this.#buffers.set(mode, known);
    for (const [index, { state }] of this.#metrics.entries()) {
      const name = bufferNames.metricState(index);
      if (state !== undefined && mode !== "predict" && !known.has(name)) {
        known.set(name, this.#settings.backend.createBuffer(name, state));
      }
    }
    return Object.fromEntries(known);
  }

  /** Sets them to 0, before the steps of an epoch. */
  clear(mode: ModelMode): void {
    for (const [index, { state }] of this.#metrics.entries()) {
      const buffer = this.#buffers.get(mode)?.get(bufferNames.metricState(index));
      if (state !== undefined) {
        buffer?.write(state.dtype === "int32" ? new Int32Array(state.length) : new Float32Array(state.length));
      }
    }
  }

  /** Sets them to what they have counted before, by their number; those that are not named to 0. */
  restore(mode: ModelMode, counts: Readonly<Record<string, TensorData>>): void {
    this.buffers(mode);
    this.clear(mode);
    for (const [index, count] of Object.entries(counts)) {
      this.#buffers
        .get(mode)
        ?.get(bufferNames.metricState(Number(index)))
        ?.write(count);
    }
  }

  /** What they are after all steps started so far. */
  async read(mode: ModelMode): Promise<MetricCounts> {
    const buffers = this.#buffers.get(mode);
    return await Promise.all(
      this.#metrics.map(async (_, index) => buffers?.get(bufferNames.metricState(index))?.read()),
    );
  }

  /** Runs the steps of an evaluation and returns what was counted in them; where something is, one evaluation at a time. */
  async evaluation(run: () => Promise<void>): Promise<MetricCounts> {
    if (this.#metrics.every(({ state }) => state === undefined)) {
      await run();
      return [];
    }
    const turn = this.#evaluations.then(async () => {
      this.clear("evaluate");
      await run();
      return await this.read("evaluate");
    });
    this.#evaluations = turn.catch(() => undefined);
    return await turn;
  }

  dispose(): void {
    for (const buffer of [...this.#buffers.values()].flatMap((buffers) => [...buffers.values()])) {
      buffer.dispose();
    }
  }
}
