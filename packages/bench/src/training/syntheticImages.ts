import { streamKey, streamWord } from "@convoy/core/backend";
import { type LabelledImages, syntheticDigits } from "@convoy/core/datasets";

const classes = 10;
/** Patches of one colour along a side: what tells the classes apart. */
const patches = 4;
/** Of the pattern in a pixel; the rest is noise. */
const patternShare = 0.6;
/** Noise that is drawn, a prime: no two images begin at the same place in it. */
const noiseBytes = 65_521;

/** So many synthetic images [H,W,C]: digits where they have the shape of MNIST's. */
export function drawImages(shape: readonly number[], samples: number, seed: number): LabelledImages {
  return shape.join() === "28,28,1"
    ? syntheticDigits({ samples, seed })
    : syntheticImages(samples, shape as [number, number, number], seed);
}

/**
 * Colour images of ten classes for networks that no small data set fits: each class has a pattern of coloured patches, each
 * image noise of its own over it. The patterns depend on nothing, so that any two sets have the same classes.
 * @param inputShape [height, width, channels]
 */
export function syntheticImages(
  samples: number,
  [height, width, channels]: readonly [number, number, number],
  seed: number,
): LabelledImages {
  const patterns = bytes(streamKey([0, 0], "test", 1), classes * patches * patches * channels);
  const noise = bytes(streamKey([seed >>> 0, Math.floor(seed / 2 ** 32)], "test", 2), noiseBytes);
  const data = new Uint8Array(samples * height * width * channels);
  const labels = Int32Array.from({ length: samples }, (_, sample) => sample % classes);
  let index = 0;
  for (const label of labels) {
    for (let y = 0; y < height; y++) {
      const row = label * patches + Math.floor((y * patches) / height);
      for (let x = 0; x < width; x++) {
        const patch = (row * patches + Math.floor((x * patches) / width)) * channels;
        for (let channel = 0; channel < channels; channel++) {
          const grain = noise[index % noiseBytes] as number;
          data[index++] = patternShare * (patterns[patch + channel] as number) + (1 - patternShare) * grain;
        }
      }
    }
  }
  return {
    images: { data, shape: [samples, height, width, channels], scale: 1 / 255 },
    labels: { data: labels, shape: [samples] },
  };
}

function bytes(key: ReturnType<typeof streamKey>, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, index) => streamWord(key, 0, index) >>> 24);
}
