import type { Backend, DeviceBuffer, Executable } from "../../backend/index.js";
import type { DType } from "../../ops/definition.js";
import type { TensorData } from "../../tensor.js";
import { bufferNames } from "../declare/bufferNames.js";
import { type DataSignature, type HostSamples, signatureOf } from "./hostSamples.js";

/** What a data set on the device has beside its samples. */
export interface DatasetExtras {
  /** Whether rows are read through a permutation, which `setOrder` gives; default false. */
  readonly ordered?: boolean;
  /** Numbers per row that prediction writes; absent: none. */
  readonly predictionSize?: number;
}

/** Samples on the device, and the executables bound to them. */
export class DeviceDataset {
  readonly signature: DataSignature;
  readonly buffers: Readonly<Record<string, DeviceBuffer>>;
  readonly executables: Map<string, Executable> = new Map();

  /** Copies samples to the device. */
  constructor(backend: Backend, samples: HostSamples, { ordered = false, predictionSize }: DatasetExtras = {}) {
    const { inputs, labels, weights } = samples;
    const buffers: Record<string, DeviceBuffer> = {};
    const create = (name: string, dtype: DType, length: number): DeviceBuffer => {
      const buffer = backend.createBuffer(name, { dtype, length });
      buffers[name] = buffer;
      return buffer;
    };
    const upload = (name: string, dtype: DType, data: TensorData): void => create(name, dtype, data.length).write(data);
    try {
      upload(bufferNames.inputs, inputs.data instanceof Uint8Array ? "uint8" : "float32", inputs.data);
      if (labels !== undefined) {
        upload(bufferNames.labels, labels.dtype, labels.data);
      }
      if (weights !== undefined) {
        upload(bufferNames.sampleWeights, "float32", weights);
      }
      if (ordered) {
        create(bufferNames.order, "int32", inputs.rows);
      }
      if (predictionSize !== undefined) {
        create(bufferNames.predictions, "float32", inputs.rows * predictionSize);
      }
    } catch (error) {
      disposeAll(buffers);
      throw error;
    }
    this.buffers = buffers;
    this.signature = signatureOf(samples, ordered);
  }

  /** Replaces the samples by others of the same signature. */
  refill({ inputs, labels, weights }: HostSamples): void {
    this.buffers[bufferNames.inputs]!.write(inputs.data);
    if (labels !== undefined) {
      this.buffers[bufferNames.labels]!.write(labels.data);
    }
    if (weights !== undefined) {
      this.buffers[bufferNames.sampleWeights]!.write(weights);
    }
  }

  /** The order in which rows are read from now on. */
  setOrder(order: Int32Array): void {
    this.buffers[bufferNames.order]!.write(order);
  }

  /** What prediction has written, for all rows. */
  async readPredictions(): Promise<Float32Array> {
    return (await this.buffers[bufferNames.predictions]!.read()) as Float32Array;
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
