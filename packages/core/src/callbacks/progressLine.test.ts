import { describe, expect, it } from "vitest";
import { formatDuration, formatLogs, progressLine } from "./progressLine.js";

describe("progress line", () => {
  it("is Keras' line at the end of an epoch", () => {
    const logs = { loss: 0.15561, accuracy: 0.9532 };
    expect(progressLine({ stepsDone: 938, steps: 938, samplesDone: 60000, elapsedMs: 5160, logs })).toBe(
      "938/938 [==============================] - 5s 86us/sample - loss: 0.1556 - accuracy: 0.9532",
    );
  });

  it("shows an arrow and the time left on the way", () => {
    expect(progressLine({ stepsDone: 50, steps: 200, samplesDone: 1600, elapsedMs: 10_000, logs: {} })).toBe(
      " 50/200 [======>.......................] - ETA: 30s",
    );
    expect(progressLine({ stepsDone: 0, steps: 9, samplesDone: 0, elapsedMs: 0, logs: {} })).toContain("[....");
  });

  it("formats small numbers and long times", () => {
    expect(formatLogs({ loss: 0.00001234, accuracy: 0 })).toEqual(["loss: 1.2340e-5", "accuracy: 0.0000"]);
    expect([4_400, 65_000, 3_725_000].map(formatDuration)).toEqual(["4s", "1:05", "1:02:05"]);
  });
});
