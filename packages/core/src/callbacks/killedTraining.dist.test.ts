import { expect, it } from "vitest";
import { train } from "./testing/killedTraining.js";

it("a training script that is killed and run again ends with the same bits", async () => {
  const whole = await train(7, { kills: 0, steps: 0 });
  const { kills, ...killed } = await train(7, { kills: 3, steps: 60 });
  expect(kills).toBeGreaterThan(0);
  expect({ ...killed, kills: 0 }).toEqual(whole);
  expect(whole.log.split("\r\n")).toHaveLength(1 + 12 + 1);
}, 120_000);
