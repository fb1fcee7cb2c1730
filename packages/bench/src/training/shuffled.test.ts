import { expect, it } from "vitest";
import { shuffled } from "./shuffled.js";

const images = {
  images: { data: Uint8Array.from({ length: 40 }, (_, index) => index), shape: [20, 2, 1, 1], scale: 1 / 255 },
  labels: { data: Int32Array.from({ length: 20 }, (_, index) => index), shape: [20] },
};

it("keeps every image with its label, in an order of the seed", () => {
  const { images: pixels, labels } = shuffled(images, 3);
  expect([...labels.data].sort((a, b) => a - b)).toEqual([...images.labels.data]);
  for (const [place, label] of labels.data.entries()) {
    expect([...pixels.data.subarray(2 * place, 2 * place + 2)]).toEqual([2 * label, 2 * label + 1]);
  }
  expect(labels.data).not.toEqual(images.labels.data);
  expect(shuffled(images, 3).labels.data).toEqual(labels.data);
  expect(shuffled(images, 4).labels.data).not.toEqual(labels.data);
});
