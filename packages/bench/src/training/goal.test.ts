import { expect, it } from "vitest";
import { goalOf } from "./goal.js";

const [fast, slow] = [{ slow: false }, { slow: true }];

it("trains an epoch, for ten seconds at most, unless told how much", () => {
  expect(goalOf({}, fast)).toEqual({ epochs: 1, timeLimitMs: 10_000 });
  expect(goalOf({ epochs: 3 }, fast)).toEqual({ epochs: 3 });
  expect(goalOf({ epochs: 3 }, slow)).toEqual({ epochs: 3, timeLimitMs: 10_000 });
  expect(goalOf({ trainSamples: 100 }, slow)).toEqual({ epochs: 1 });
  expect(goalOf({ targetAccuracy: 0.99 }, fast)).toEqual({ epochs: 10 });
  expect(goalOf({ epochs: 3, timeLimit: 60 }, fast)).toEqual({ epochs: 3, timeLimitMs: 60_000 });
});
