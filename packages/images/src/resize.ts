import type { Bytes, Pixels } from "./pixels.js";

/** How pixels between pixels are found. */
export type Interpolation = "bilinear" | "nearest" | "bicubic";

/** Numbers of a pixel: "grayscale" 1, "rgb" 3, "rgba" 4. */
export type ColorMode = "grayscale" | "rgb" | "rgba";

/** What an image is made into. */
export interface ImageShape {
  readonly height: number;
  readonly width: number;
  readonly colorMode: ColorMode;
  readonly interpolation: Interpolation;
  /** Whether the largest part of the wanted proportions is cut out of the middle first; otherwise the image is stretched. */
  readonly cropToAspectRatio: boolean;
}

/** Channels of each colour mode. */
export const channelsOf: Readonly<Record<ColorMode, number>> = { grayscale: 1, rgb: 3, rgba: 4 };

/** A part of an image. */
interface Region {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

/** What an output row or column is the weighted sum of. */
interface Taps {
  readonly positions: Int32Array;
  readonly weights: Float64Array;
  readonly count: number;
}

/**
 * Cuts, resizes and recolours an image: [height, width, channels] bytes. Pixel centres are at halves and nothing is smoothed when
 * images shrink, as in Keras' `image_dataset_from_directory` (`tf.image.resize` without antialias); the results are rounded.
 */
export function shapeImage(image: Pixels, shape: ImageShape): Bytes {
  const { height, width, colorMode, interpolation, cropToAspectRatio } = shape;
  const region = cropToAspectRatio
    ? centre(image, width, height)
    : { left: 0, top: 0, width: image.width, height: image.height };
  const channels = channelsOf[colorMode];
  const columns = tapsOf(width, region.width, region.left, interpolation);
  const rows = tapsOf(height, region.height, region.top, interpolation);
  const result = new Uint8Array(height * width * channels);
  const pixel = new Float64Array(channels);
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      pixel.fill(0);
      for (let i = 0; i < rows.count; i++) {
        const rowStart = rows.positions[y * rows.count + i]! * image.width;
        for (let j = 0; j < columns.count; j++) {
          const weight = rows.weights[y * rows.count + i]! * columns.weights[x * columns.count + j]!;
          if (weight !== 0) {
            addPixel(pixel, image.data, 4 * (rowStart + columns.positions[x * columns.count + j]!), weight);
          }
        }
      }
      const at = (y * width + x) * channels;
      for (let channel = 0; channel < channels; channel++) {
        result[at + channel] = Math.max(0, Math.min(255, Math.round(pixel[channel]!)));
      }
    }
  }
  return result;
}

/** Adds a pixel in the colours that are wanted; grey is luma as in JPEG (ITU-R BT.601). */
function addPixel(sum: Float64Array, data: Pixels["data"], at: number, weight: number): void {
  if (sum.length === 1) {
    sum[0]! += weight * (0.299 * data[at]! + 0.587 * data[at + 1]! + 0.114 * data[at + 2]!);
    return;
  }
  for (let channel = 0; channel < sum.length; channel++) {
    sum[channel]! += weight * data[at + channel]!;
  }
}

/** The largest part of the wanted proportions, in the middle (Keras' `smart_resize`). */
function centre(image: Pixels, width: number, height: number): Region {
  const cropHeight = Math.min(image.height, Math.max(1, Math.floor((image.width * height) / width)));
  const cropWidth = Math.min(image.width, Math.max(1, Math.floor((image.height * width) / height)));
  return {
    left: Math.floor((image.width - cropWidth) / 2),
    top: Math.floor((image.height - cropHeight) / 2),
    width: cropWidth,
    height: cropHeight,
  };
}

function tapsOf(size: number, sourceSize: number, start: number, interpolation: Interpolation): Taps {
  const count = interpolation === "nearest" ? 1 : interpolation === "bilinear" ? 2 : 4;
  const positions = new Int32Array(size * count);
  const weights = new Float64Array(size * count);
  for (let index = 0; index < size; index++) {
    const at = ((index + 0.5) * sourceSize) / size - (interpolation === "nearest" ? 0 : 0.5);
    const first = Math.floor(at) - (count === 4 ? 1 : 0);
    for (let tap = 0; tap < count; tap++) {
      const position = first + tap;
      positions[index * count + tap] = start + Math.max(0, Math.min(sourceSize - 1, position));
      weights[index * count + tap] = weightAt(Math.abs(at - position), position, sourceSize, interpolation);
    }
    normalize(weights.subarray(index * count, (index + 1) * count));
  }
  return { positions, weights, count };
}

function weightAt(distance: number, position: number, sourceSize: number, interpolation: Interpolation): number {
  if (interpolation === "nearest") {
    return 1;
  }
  if (interpolation === "bilinear") {
    return 1 - distance;
  }
  // Keys' cubic kernel with a = -0.5; pixels beyond the edge do not count.
  if (position < 0 || position >= sourceSize) {
    return 0;
  }
  const a = -0.5;
  return distance <= 1
    ? ((a + 2) * distance - (a + 3)) * distance * distance + 1
    : distance < 2
      ? ((a * distance - 5 * a) * distance + 8 * a) * distance - 4 * a
      : 0;
}

function normalize(weights: Float64Array): void {
  const sum = weights.reduce((total, weight) => total + weight, 0);
  weights.forEach((weight, index) => {
    weights[index] = weight / sum;
  });
}
