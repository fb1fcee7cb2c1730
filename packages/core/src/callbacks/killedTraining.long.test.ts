import { expect, it } from "vitest";
import { train } from "./testing/killedTraining.js";

it.each(["epoch" as const, 1, 7])(
  "a training script that saves by %s, killed at random moments and run again until it is done, ends with the same bits",
  async (saveFreq) => {
    const whole = await train(saveFreq, { kills: 0, steps: 0 });
    expect(whole.backupIsLeft).toBe(false);
    let total = 0;
    for (let round = 0; round < 3; round++) {
      const { kills, ...killed } = await train(saveFreq, { kills: 15, steps: 80 });
      expect({ ...killed, kills: 0 }).toEqual(whole);
      total += kills;
    }
    expect(total).toBeGreaterThan(5);
  },
);
