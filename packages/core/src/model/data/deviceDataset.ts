import type { Backend, DeviceBuffer, Executable } from "../../backend/index.js";
import type { DType } from "../../ops/definition.js";
import type { TensorData } from "../../tensor.js";
import type { DataSignature } from "../declare/buildPlan.js";
import type { ModelInputs, ModelLabels } from "./checkData.js";

/** Samples on the host, checked: what a device data set is filled from. */
export interface HostSamples {
  readonly inputs: ModelInputs;
  readonly labels?: ModelLabels;
  readonly weights?: Float32Array;
}

/** Samples on the device, and the executables bound to them. */
export class DeviceDataset {
  readonly signature: DataSignature;
  readonly buffers: Readonly<Record<string, DeviceBuffer>>;
  readonly executables: Map<string, Executable> = new Map();

  /**
   * Copies samples to the device.
   * @param ordered whether rows are read through a permutation, which `setOrder` gives
   * @param predictionSize numbers a row that prediction writes; absent: none
   */
  constructor(backend: Backend, samples: HostSamples, ordered: boolean, predictionSize?: number) {
    const { inputs, labels, weights } = samples;
    const buffers: Record<string, DeviceBuffer> = {};
    const upload = (name: string, dtype: DType, data: TensorData): void => {
      buffers[name] = backend.createBuffer(name, { dtype, length: data.length });
      buffers[name].write(data);
    };
    try {
      upload("inputs", inputs.data instanceof Uint8Array ? "uint8" : "float32", inputs.data);
      if (labels !== undefined) {
        upload("labels", labels.dtype, labels.data);
      }
      if (weights !== undefined) {
        upload("weights", "float32", weights);
      }
      if (ordered) {
        buffers.order = backend.createBuffer("order", { dtype: "int32", length: inputs.rows });
      }
      if (predictionSize !== undefined) {
        buffers.predictions = backend.createBuffer("predictions", {
          dtype: "float32",
          length: inputs.rows * predictionSize,
        });
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
    this.buffers.inputs!.write(inputs.data);
    if (labels !== undefined) {
      this.buffers.labels!.write(labels.data);
    }
    if (weights !== undefined) {
      this.buffers.weights!.write(weights);
    }
  }

  /** The order in which rows are read from now on. */
  setOrder(order: Int32Array): void {
    this.buffers.order!.write(order);
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

/** What plans over these samples depend on. */
export function signatureOf({ inputs, labels, weights }: HostSamples, ordered: boolean): DataSignature {
  return {
    rows: inputs.rows,
    inputs: { dtype: inputs.data instanceof Uint8Array ? "uint8" : "float32", scale: inputs.scale },
    ...(labels ? { labels: { dtype: labels.dtype, shape: labels.shape } } : {}),
    weights: weights !== undefined,
    ordered,
  };
}

/** Rows `start` to `end` of samples, sharing their memory. */
export function sliceSamples({ inputs, labels, weights }: HostSamples, start: number, end: number): HostSamples {
  const rows = <T extends TensorData>(data: T): T => {
    const size = data.length / inputs.rows;
    return data.subarray(start * size, end * size) as T;
  };
  return {
    inputs: { ...inputs, data: rows(inputs.data), rows: end - start },
    ...(labels
      ? { labels: { ...labels, data: rows(labels.data), shape: [end - start, ...labels.shape.slice(1)] } }
      : {}),
    ...(weights ? { weights: rows(weights) } : {}),
  };
}
