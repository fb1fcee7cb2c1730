import { afterEach, beforeEach, expect, it, vi } from "vitest";
import { rowOfLayers } from "../../layers/augmentation/rowOfLayers.js";
import { StepDraws } from "../../layers/augmentation/stepDraws.js";
import * as layers from "../../layers/index.js";
import { DrawAhead } from "./drawAhead.js";

const draws = new StepDraws(rowOfLayers([layers.randomFlip(), layers.mixUp()], [4, 4, 1]).calls);
const steps = (first: number, count: number) =>
  Array.from({ length: count }, (_, index) => ({ iteration: first + index, rows: index === count - 1 ? 3 : 8 }));
const fresh = (first: number, count: number) =>
  steps(first, count).map(({ iteration, rows }) => draws.draw(7, iteration, rows));

beforeEach(() => {
  vi.useFakeTimers();
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.useRealTimers();
});

it("gives what was drawn ahead, all of it or a part, as if it were drawn now", () => {
  const ahead = new DrawAhead(draws, 7);
  expect(ahead.take(steps(0, 5))).toEqual(fresh(0, 5));
  ahead.start(steps(5, 5));
  vi.runAllTimers();
  const expected = fresh(5, 5);
  const draw = vi.spyOn(draws, "draw");
  expect(ahead.take(steps(5, 5))).toEqual(expected);
  expect(draw).not.toHaveBeenCalled();
  // A slice is over after two milliseconds.
  let now = 0;
  vi.spyOn(performance, "now").mockImplementation(() => now++);
  ahead.start(steps(10, 5));
  vi.advanceTimersToNextTimer();
  const done = draw.mock.calls.length;
  expect(done).toBeGreaterThan(0);
  expect(done).toBeLessThan(5);
  expect(ahead.take(steps(10, 5))).toEqual(fresh(10, 5));
});

it("draws anew where other steps come, and nothing after it was stopped", () => {
  const ahead = new DrawAhead(draws, 7);
  ahead.start(steps(5, 5));
  vi.runAllTimers();
  expect(ahead.take(steps(6, 5))).toEqual(fresh(6, 5));
  ahead.start(steps(11, 4));
  vi.runAllTimers();
  expect(ahead.take(steps(11, 5))).toEqual(fresh(11, 5));
  ahead.start(steps(16, 5));
  ahead.stop();
  expect(vi.getTimerCount()).toBe(0);
});
