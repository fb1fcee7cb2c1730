import { expect, it } from "vitest";
import { timedEvaluations } from "./measureBackend.js";

it("leaves out the first of several evaluations", async () => {
  const times = [900, 30, 10, 20, 50, 40];
  const done: number[] = [];
  const result = await timedEvaluations(async () => {
    const usPerSample = times[done.length] as number;
    done.push(usPerSample);
    return { accuracy: 0.5, usPerSample };
  });
  expect(done).toEqual(times);
  expect(result).toEqual({ testAccuracy: 0.5, evaluateUsPerSample: 30 });
});
