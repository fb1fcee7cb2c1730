import { ArgumentError, formatShape, type Tensor } from "@convoy/core";

/** Networks by how their published weights want images. */
const modes = {
  vgg16: "caffe",
  vgg19: "caffe",
  resnet50: "caffe",
  squeezeNet: "caffe",
  mobileNetV2: "tf",
  mobileNetV4ConvSmall: "torch",
  resnet18: "torch",
  denseNet121: "torch",
} as const;

/** Mean and deviation of ImageNet's channels: red, green, blue. */
const imageNet = { mean: [0.485, 0.456, 0.406], deviation: [0.229, 0.224, 0.225] } as const;

/** Of the pixels 0 to 255: blue, green, red. */
const caffeMean = [103.939, 116.779, 123.68] as const;

/**
 * Images [N,H,W,3] of pixels 0 to 255, red first, as a network's published weights want them: -1 to 1 for `mobileNetV2`; blue first and
 * without the mean of ImageNet for `vgg16`, `vgg19`, `resnet50` and `squeezeNet`; by mean and deviation of ImageNet for `denseNet121`,
 * `resnet18` and `mobileNetV4ConvSmall`. Keras' `preprocess_input`. A `scale` of the tensor is left out of account. Throws
 * `ArgumentError` for others.
 */
export function preprocessInput(network: keyof typeof modes, { data, shape }: Tensor): Tensor<Float32Array> {
  if (!Object.hasOwn(modes, network)) {
    throw new ArgumentError(`preprocessInput: no network "${network}"; known are ${Object.keys(modes).join(", ")}`);
  }
  if (shape.at(-1) !== 3) {
    throw new ArgumentError(
      `preprocessInput: images have shape ${formatShape(shape)}, expected 3 channels as the last axis`,
    );
  }
  const mode = modes[network];
  const result = Float32Array.from({ length: data.length }, (_, index) => {
    const channel = index % 3;
    if (mode === "tf") {
      return data[index]! / 127.5 - 1;
    }
    return mode === "torch"
      ? (data[index]! / 255 - imageNet.mean[channel]!) / imageNet.deviation[channel]!
      : data[index - channel + 2 - channel]! - caffeMean[channel]!;
  });
  return { data: result, shape };
}
