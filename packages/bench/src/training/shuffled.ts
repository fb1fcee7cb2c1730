import { streamKey, streamWord } from "@convoy/core/backend";
import type { LabelledImages } from "@convoy/core/datasets";

/**
 * The images in an order drawn from a seed. Everything that takes part is given this one order and no other: libraries shuffle
 * each in its own way, and then no two losses could be compared.
 */
export function shuffled({ images, labels }: LabelledImages, seed: number): LabelledImages {
  const count = labels.data.length;
  const size = images.data.length / count;
  const order = permutation(count, seed);
  const pixels = new Uint8Array(images.data.length);
  const classes = new Int32Array(count);
  order.forEach((from, to) => {
    pixels.set(images.data.subarray(from * size, (from + 1) * size), to * size);
    classes[to] = labels.data[from] as number;
  });
  return { images: { ...images, data: pixels }, labels: { ...labels, data: classes } };
}

/** Fisher and Yates' shuffle. */
function permutation(count: number, seed: number): Int32Array {
  const order = Int32Array.from({ length: count }, (_, index) => index);
  const key = streamKey([seed >>> 0, Math.floor(seed / 2 ** 32)], "shuffle");
  for (let last = count - 1; last > 0; last--) {
    const other = Math.floor((streamWord(key, 0, last) / 2 ** 32) * (last + 1));
    [order[last], order[other]] = [order[other] as number, order[last] as number];
  }
  return order;
}
