import type { DType, Shape } from "../../ops/definition.js";
import type { TensorData } from "../../tensor.js";
import { bufferNames } from "../declare/bufferNames.js";
import type { ModelInputs, ModelLabels } from "./checkData.js";

/** Samples on the host, checked: what a device data set is filled from. */
export interface HostSamples {
  readonly rows: number;
  /** One for each input of the model, by its names. */
  readonly inputs: readonly ModelInputs[];
  readonly inputNames: readonly string[];
  /** One for each output; absent for prediction. */
  readonly labels?: readonly ModelLabels[];
  /** One for each output, undefined where every sample weighs 1. */
  readonly weights?: readonly (Float32Array | undefined)[];
  readonly outputNames: readonly string[];
}

/** Shape of a data set on the device: what a plan has to know of it. */
export interface DataSignature {
  /** Rows that the buffers hold. */
  readonly rows: number;
  readonly inputs: readonly { readonly dtype: DType; readonly scale: number }[];
  /** Sparse labels are int32 [rows,...], others float32 [rows,...,C]; absent for prediction. */
  readonly labels?: readonly LabelSignature[];
  /** Whether rows are read through a permutation. */
  readonly ordered: boolean;
}

/** The labels of one output. */
export interface LabelSignature {
  readonly dtype: "int32" | "float32";
  readonly shape: Shape;
  /** Whether samples are weighted. */
  readonly weights: boolean;
}

/** What plans over these samples depend on; `rows` is for how many there is room. */
export function signatureOf(samples: HostSamples, ordered: boolean, rows: number = samples.rows): DataSignature {
  const { inputs, labels, weights } = samples;
  return {
    rows,
    inputs: inputs.map(({ data, scale }) => ({ dtype: data instanceof Uint8Array ? "uint8" : "float32", scale })),
    ...(labels === undefined
      ? {}
      : {
          labels: labels.map(({ dtype, shape }, index) => ({
            dtype,
            shape: [rows, ...shape.slice(1)],
            weights: weights?.[index] !== undefined,
          })),
        }),
    ordered,
  };
}

/** Rows `start` to `end` of samples, sharing their memory. */
export function sliceSamples(samples: HostSamples, start: number, end: number): HostSamples {
  const { inputs, labels, weights } = samples;
  const cut = <T extends TensorData>(data: T): T => {
    const size = data.length / samples.rows;
    return data.subarray(start * size, end * size) as T;
  };
  return {
    ...samples,
    rows: end - start,
    inputs: inputs.map((input) => ({ ...input, data: cut(input.data), rows: end - start })),
    ...(labels === undefined
      ? {}
      : {
          labels: labels.map(({ data, dtype, shape }) => ({
            dtype,
            data: cut(data),
            shape: [end - start, ...shape.slice(1)],
          })),
        }),
    ...(weights === undefined ? {} : { weights: weights.map((values) => values && cut(values)) }),
  };
}

/** What the samples are made of, by the buffer that it goes to. */
export function hostData({ inputs, inputNames, labels, weights, outputNames }: HostSamples): [string, TensorData][] {
  return [
    ...inputs.map(({ data }, index): [string, TensorData] => [bufferNames.inputs(inputNames, index), data]),
    ...(labels ?? []).map(({ data }, index): [string, TensorData] => [bufferNames.labels(outputNames, index), data]),
    ...(weights ?? []).flatMap((data, index): [string, TensorData][] =>
      data === undefined ? [] : [[bufferNames.sampleWeights(outputNames, index), data]],
    ),
  ];
}
