import { layers, type Sequential, sequential } from "@convoy/core";

/** The small MNIST network: two convolutions with pooling, two dense layers. */
export function simple(): Sequential {
  return sequential([
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 64, activation: "relu" }),
    layers.dense({ units: 10, activation: "softmax" }),
  ]);
}

/** A network that trains in milliseconds, with every kind of fused op. */
export function tiny(): Sequential {
  return sequential([
    layers.conv2d({ filters: 4, kernelSize: 3, activation: "relu", inputShape: [8, 8, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dropout({ rate: 0.1 }),
    layers.dense({ units: 3, activation: "softmax" }),
  ]);
}

/** Bright squares in one of three places, as bytes. */
export function squares(count: number): {
  readonly images: { readonly data: Uint8Array; readonly shape: readonly number[]; readonly scale: number };
  readonly labels: { readonly data: Int32Array; readonly shape: readonly number[] };
} {
  const images = new Uint8Array(count * 64);
  const labels = Int32Array.from({ length: count }, (_, index) => index % 3);
  labels.forEach((label, image) => {
    for (let pixel = 0; pixel < 9; pixel++) {
      const [row, column] = [Math.floor(pixel / 3) + label * 2, (pixel % 3) + ((image * 5) % 6)];
      images[image * 64 + row * 8 + column] = 200 + ((image * 7 + pixel) % 56);
    }
  });
  return {
    images: { data: images, shape: [count, 8, 8, 1], scale: 1 / 255 },
    labels: { data: labels, shape: [count] },
  };
}

export const training = { optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] } as const;
