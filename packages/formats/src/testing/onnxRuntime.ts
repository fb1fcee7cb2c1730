import type { Backend, Model, Tensor } from "@convoy/core";
import { InferenceSession, Tensor as OnnxTensor } from "onnxruntime-web";

/** What ONNX Runtime computes with a file, output by output. */
export async function runOnnx(
  file: Uint8Array,
  inputs: readonly Tensor<Float32Array>[],
): Promise<{ data: Float32Array; shape: readonly number[] }[]> {
  const session = await InferenceSession.create(file, { logSeverityLevel: 4 });
  try {
    const feeds = Object.fromEntries(
      session.inputNames.map((name, index) => {
        const { data, shape } = inputs[index]!;
        return [name, new OnnxTensor("float32", data, [...shape])];
      }),
    );
    const results = await session.run(feeds);
    return session.outputNames.map((name) => {
      const { data, dims } = results[name]!;
      return { data: data as Float32Array, shape: dims };
    });
  } finally {
    await session.release();
  }
}

/** [N,H,W,C] to [N,C,H,W]; other tensors as they are. */
export function channelsFirst({ data, shape }: Tensor<Float32Array>): Tensor<Float32Array> {
  if (shape.length !== 4) {
    return { data, shape };
  }
  const [count, height, width, channels] = shape as [number, number, number, number];
  const moved = new Float32Array(data.length);
  data.forEach((value, index) => {
    const [channel, pixel] = [index % channels, Math.floor(index / channels)];
    const image = Math.floor(pixel / (height * width));
    moved[(image * channels + channel) * height * width + (pixel % (height * width))] = value;
  });
  return { data: moved, shape: [count, channels, height, width] };
}

/** Numbers between -1 and 1 that look like noise. */
export function noise(shape: readonly number[], seed = 1): Tensor<Float32Array> {
  let state = seed;
  const data = Float32Array.from({ length: shape.reduce((product, size) => product * size, 1) }, () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 31 - 1;
  });
  return { data, shape };
}

/** Predictions of a model for noise, one output or several, in order. */
export async function predictions(
  model: Model<unknown>,
  backend: Backend,
  inputs: readonly Tensor<Float32Array>[],
): Promise<Tensor<Float32Array>[]> {
  model.compile({ backend, loss: model.outputs.map(() => "meanSquaredError") as never });
  const result = await model.predict(inputs.length === 1 ? inputs[0]! : [...inputs]);
  return (Array.isArray(result) ? result : [result]) as Tensor<Float32Array>[];
}

/** The largest difference between numbers, relative to the largest of them where that is above 1. */
export function difference(a: ArrayLike<number>, b: ArrayLike<number>): number {
  if (a.length !== b.length) {
    return Number.POSITIVE_INFINITY;
  }
  const values = Array.from(a);
  const scale = values.reduce((most, value) => Math.max(most, Math.abs(value)), 1);
  return values.reduce((most, value, index) => Math.max(most, Math.abs(value - b[index]!)), 0) / scale;
}
