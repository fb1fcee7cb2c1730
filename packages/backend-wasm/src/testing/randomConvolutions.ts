import { layers, type Model, sequential } from "@convoy/core";
import type { Backend } from "@convoy/core/backend";
import { comparePlans } from "@convoy/core/conformance";
import { reference } from "@convoy/core/reference";

const activations = ["relu", undefined, "tanh", "leakyRelu"] as const;

/** A 3 x 3 convolution of a random shape behind one that makes it need the gradient of its input. */
export interface RandomConvolution {
  readonly name: string;
  readonly model: Model<unknown>;
  readonly images: { readonly data: Float32Array; readonly shape: readonly number[] };
}

/** Uniform numbers from 0 to 1: Numerical Recipes' generator, well enough for shapes. */
function numbers(seed: number): () => number {
  let state = seed * 2654435761;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) | 0;
    return (state >>> 8) / 2 ** 24;
  };
}

/** The same for the same seed. */
export function randomConvolution(seed: number): RandomConvolution {
  const next = numbers(seed + 1);
  const from = (low: number, high: number): number => low + Math.floor(next() * (high - low + 1));
  const [N, H, W] = [from(1, 20), from(3, 15), from(3, 15)];
  const [C, F] = [4 * from(2, 7), 4 * from(2, 7)];
  const activation = activations[from(0, activations.length - 1)];
  const padding = next() < 0.5 ? "same" : "valid";
  const useBias = next() < 0.7;
  const model = sequential(
    [
      layers.conv2d({ filters: C, kernelSize: 1, inputShape: [H, W, 3] }),
      layers.conv2d({ filters: F, kernelSize: 3, padding, useBias, ...(activation ? { activation } : {}) }),
      layers.flatten(),
      layers.dense({ units: 3 }),
    ],
    { seed },
  );
  const data = Float32Array.from({ length: N * H * W * 3 }, () => next() * 2 - 1);
  const name = `${N}x${H}x${W}x${C} to ${F}, ${padding}, ${activation ?? "linear"}${useBias ? ", bias" : ""}`;
  return { name, model: model as Model<unknown>, images: { data, shape: [N, H, W, 3] } };
}

/**
 * Largest error of the convolution's gradients against sums in float64, as a share of what their tolerances in core allow:
 * 1e-5 of the element and 3e-7 for each term of about the size of the tensor's largest element.
 */
export async function compareGradients(backend: Backend, { model, images }: RandomConvolution): Promise<string[]> {
  const [samples] = images.shape as [number];
  const targets = { data: Float32Array.from({ length: samples * 3 }, (_, i) => Math.sin(i)), shape: [samples, 3] };
  const report = await comparePlans(model, await reference(), backend, [images, targets] as never, {
    loss: "meanSquaredError",
    tolerance: { relative: 1e-5, absolute: 1e-5 },
  });
  return report.ops
    .filter(({ status }) => status !== "agrees")
    .map(({ op, layer, maxError, difference }) => `${op} of ${layer}: ${maxError} off, ${difference?.allowed} allowed`);
}
