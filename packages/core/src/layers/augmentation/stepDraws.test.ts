import { expect, it } from "vitest";
import * as layers from "../index.js";
import { rowOfLayers } from "./rowOfLayers.js";
import { StepDraws } from "./stepDraws.js";

const own = () => [
  layers.randomFlip(),
  layers.randomRotation({ factor: 0.1 }),
  layers.randomZoom({ heightFactor: 0.2, widthFactor: 0.1 }),
  layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.2 }),
  layers.randomBrightness({ factor: 0.2, valueRange: [0, 1] }),
  layers.cutMix(),
];
const row = () => rowOfLayers(own(), [28, 28, 1]).calls;

it("draws numbers that never change: training that was stopped goes on from them in later versions", () => {
  const draws = new StepDraws(row());
  expect(draws.buffers.map(({ buffer, dtype, shape }) => [buffer, dtype, ...shape])).toEqual([
    ["drawn0/transforms", "int32", 6],
    ["drawn1/factors", "float32", 2],
    ["drawn2/partners", "int32"],
    ["drawn2/weights", "float32"],
    ["drawn2/boxes", "int32", 4],
  ]);
  const [transforms, factors, ...mixing] = draws.draw(42, 7, 3).map((numbers) => [...numbers]);
  expect(transforms).toEqual([
    ...[-3750428, 1711685, 101735337, 1423709, 4509034, -18326261],
    ...[-4566200, 162696, 118603213, -221136, -3359485, 113663361],
    ...[3590953, -2065094, 22631376, -1684306, -4402795, 136270821],
  ]);
  expect(factors).toEqual([1, 0.11915679275989532, 1, 0.007631635759025812, 1, -0.03276853635907173]);
  expect(mixing[0]).toEqual([0, 1, 2]);
  expect(mixing[2]).toEqual([1, 2, 20, 21, 8, 11, 8, 11, 1, 1, 28, 28]);
});

it("draws row by row: a smaller step has the first rows of a larger one", () => {
  const draws = new StepDraws(row());
  const [large, small] = [draws.draw(1, 2, 8), draws.draw(1, 2, 5)];
  for (const index of [0, 1]) {
    const length = small[index]!.length;
    expect([...small[index]!]).toEqual([...large[index]!.subarray(0, length)]);
  }
});

it("draws other numbers for each seed, step and layer, and for layers before a network", () => {
  const one = () =>
    rowOfLayers([layers.randomFlip(), layers.rescaling({ scale: 1 }), layers.randomFlip()], [9, 9, 1]).calls;
  const all = [
    ...new StepDraws(one()).draw(1, 0, 64),
    ...new StepDraws(one()).draw(2, 0, 64),
    ...new StepDraws(one()).draw(1, 1, 64),
    ...new StepDraws({ inputs: [], outputs: [], calls: [] }, one()).draw(1, 0, 64),
  ];
  expect(new Set(all.map(String)).size).toBe(8);
});
