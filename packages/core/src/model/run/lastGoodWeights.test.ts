import { expect, it } from "vitest";
import { LastGoodWeights } from "./lastGoodWeights.js";

const weights = (value: number): Float32Array[] => [Float32Array.of(1), Float32Array.of(value, 2)];

function copies(initial: number) {
  const device = { value: initial };
  const lastGood = new LastGoodWeights(async () => weights(device.value), weights(initial));
  return { device, lastGood };
}

it("a copy is good once the step after it had a finite loss", async () => {
  const { device, lastGood } = copies(0);
  device.value = 5;
  await lastGood.copyNow(3);
  lastGood.confirm(2);
  expect(lastGood.weights).toEqual(weights(0));
  expect(lastGood.newest).toEqual({ weights: weights(5), beforeStep: 3 });
  lastGood.confirm(3);
  expect(lastGood.weights).toEqual(weights(5));
});

it.each([NaN, Infinity])("a copy with %d is never good, whatever the loss", async (value) => {
  const { device, lastGood } = copies(0);
  device.value = value;
  await lastGood.copyNow(3);
  lastGood.confirm(7);
  expect(lastGood.weights).toEqual(weights(0));
  device.value = 6;
  await lastGood.copyNow(8);
  lastGood.confirm(8);
  expect(lastGood.weights).toEqual(weights(6));
});

it("weights from outside are good at once and copied", () => {
  const { lastGood } = copies(0);
  const given = weights(4);
  lastGood.reset(given, 2);
  given[1]![0] = NaN;
  expect(lastGood.newest).toEqual({ weights: weights(4), beforeStep: 2 });
});
