import type { Backend, DeviceBuffer, Executable } from "../../backend/index.js";
import type { StepDraws } from "../../layers/augmentation/stepDraws.js";
import { type DType, sizeOf } from "../../ops/definition.js";
import type { TensorData } from "../../tensor.js";
import { bufferNames } from "../declare/bufferNames.js";
import { type DataSignature, type HostSamples, hostData, signatureOf } from "./hostSamples.js";

/** What a data set on the device has beside its samples. */
export interface DatasetExtras {
  /** Whether rows are read through a permutation, which `setOrder` gives; default false. */
  readonly ordered?: boolean;
  /** Rows that there is room for, where the samples are only the first of them; default: as many as samples. */
  readonly rows?: number;
  /** What is drawn at random for rows that are trained on; default: nothing. */
  readonly draws?: StepDraws | undefined;
  /** Numbers per row that prediction writes for each output; absent: none. */
  readonly predictionSizes?: readonly number[];
}

/** Samples on the device, and the executables bound to them. */
export class DeviceDataset {
  readonly signature: DataSignature;
  readonly buffers: Readonly<Record<string, DeviceBuffer>>;
  readonly executables: Map<string, Executable> = new Map();
  readonly draws: StepDraws | undefined;

  /** Copies samples to the device. */
  constructor(backend: Backend, samples: HostSamples, extras: DatasetExtras = {}) {
    const { ordered = false, predictionSizes, rows = samples.rows, draws } = extras;
    const buffers: Record<string, DeviceBuffer> = {};
    const create = (name: string, dtype: DType, length: number): DeviceBuffer => {
      const buffer = backend.createBuffer(name, { dtype, length });
      buffers[name] = buffer;
      return buffer;
    };
    try {
      for (const [name, data] of hostData(samples)) {
        create(name, dtypeOf(data), (data.length / samples.rows) * rows).write(data);
      }
      if (ordered) {
        create(bufferNames.order, "int32", rows);
      }
      for (const { buffer, dtype, shape } of draws?.buffers ?? []) {
        create(buffer, dtype, rows * sizeOf(shape));
      }
      predictionSizes?.forEach((size, index) => {
        create(bufferNames.predictions(samples.outputNames, index), "float32", rows * size);
      });
    } catch (error) {
      disposeAll(buffers);
      throw error;
    }
    this.buffers = buffers;
    this.draws = draws;
    this.signature = signatureOf(samples, ordered, rows);
  }

  /** Replaces the samples by others of the same signature. */
  refill(samples: HostSamples): void {
    for (const [name, data] of hostData(samples)) {
      this.buffers[name]!.write(data);
    }
  }

  /** Replaces some rows, from `firstRow` on, by samples of the same kind. */
  writeRows(samples: HostSamples, firstRow: number): void {
    for (const [name, data] of hostData(samples)) {
      this.buffers[name]!.write(data, (data.length / samples.rows) * firstRow);
    }
  }

  /** The order in which rows are read from now on. */
  setOrder(order: Int32Array): void {
    this.buffers[bufferNames.order]!.write(order);
  }

  /**
   * Writes what was drawn for the rows of training steps that follow one another, from `firstRow` on: they are those of the data set
   * in the order of the steps, whatever the order says.
   */
  writeDrawn(steps: readonly ReturnType<StepDraws["draw"]>[], firstRow: number): void {
    if (steps.length === 0) {
      return;
    }
    this.draws?.buffers.forEach(({ buffer, dtype, shape }, index) => {
      const parts = steps.map((drawn) => drawn[index]!);
      const length = parts.reduce((sum, part) => sum + part.length, 0);
      const joined = dtype === "int32" ? new Int32Array(length) : new Float32Array(length);
      let at = 0;
      for (const part of parts) {
        joined.set(part, at);
        at += part.length;
      }
      this.buffers[buffer]!.write(joined, firstRow * sizeOf(shape));
    });
  }

  /** What prediction has written for an output, for some rows; default: for all. */
  async readPredictions(
    outputNames: readonly string[],
    index: number,
    firstRow = 0,
    count: number = this.signature.rows - firstRow,
  ): Promise<Float32Array> {
    const buffer = this.buffers[bufferNames.predictions(outputNames, index)]!;
    const size = buffer.length / this.signature.rows;
    return (await buffer.read(firstRow * size, count * size)) as Float32Array;
  }

  dispose(): void {
    for (const executable of this.executables.values()) {
      executable.dispose();
    }
    this.executables.clear();
    disposeAll(this.buffers);
  }
}

function disposeAll(buffers: Readonly<Record<string, DeviceBuffer>>): void {
  for (const buffer of Object.values(buffers)) {
    buffer.dispose();
  }
}

function dtypeOf(data: TensorData): DType {
  return data instanceof Uint8Array ? "uint8" : data instanceof Int32Array ? "int32" : "float32";
}
