import type { DType, Shape } from "../../ops/definition.js";
import type { TensorData } from "../../tensor.js";
import type { ModelInputs, ModelLabels } from "./checkData.js";

/** Samples on the host, checked: what a device data set is filled from. */
export interface HostSamples {
  readonly inputs: ModelInputs;
  readonly labels?: ModelLabels;
  readonly weights?: Float32Array;
}

/** Shape of a data set on the device: what a plan has to know of it. */
export interface DataSignature {
  /** Rows that the buffers hold. */
  readonly rows: number;
  readonly inputs: { readonly dtype: DType; readonly scale: number };
  /** Sparse labels are int32 [rows,...], others float32 [rows,...,C]; absent for prediction. */
  readonly labels?: { readonly dtype: "int32" | "float32"; readonly shape: Shape };
  /** Whether samples are weighted. */
  readonly weights: boolean;
  /** Whether rows are read through a permutation. */
  readonly ordered: boolean;
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
