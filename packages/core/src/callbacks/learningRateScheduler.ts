import { checkOptions } from "../checkOption.js";
import { ArgumentError } from "../errors.js";
import type { Callback } from "./callback.js";

/** Settings of `learningRateScheduler`. */
export interface LearningRateSchedulerOptions {
  /** 1 says which rate each epoch gets; default 0. */
  readonly verbose?: 0 | 1;
}

/**
 * Sets the learning rate at the beginning of every epoch, and adds it to the epoch's logs as `learningRate`. Keras'
 * `LearningRateScheduler`. A rate for every step is a schedule, such as `schedules.cosineDecay`.
 * @param schedule gives the rate from the epoch, counted from 0, and the rate so far
 * Throws `ArgumentError` where it gives no rate, or beside a schedule.
 */
export function learningRateScheduler(
  schedule: (epoch: number, learningRate: number) => number,
  options: LearningRateSchedulerOptions = {},
): Callback {
  const { verbose = 0 } = checkOptions("learningRateScheduler", options, ["verbose"]);
  if (typeof schedule !== "function") {
    throw new ArgumentError(
      `learningRateScheduler takes a function of epoch and learning rate, such as (epoch, rate) => rate * 0.9, got ${schedule}`,
    );
  }
  return {
    onEpochBegin(epoch, training) {
      const rate = schedule(epoch, training.learningRate);
      if (typeof rate !== "number") {
        throw new ArgumentError(
          `learningRateScheduler: the schedule gave ${rate} in epoch ${epoch}, expected a number`,
        );
      }
      training.learningRate = rate;
      if (verbose > 0 && training.writes) {
        console.log(`Epoch ${epoch + 1}: learningRateScheduler setting learning rate to ${rate}.`);
      }
    },
    onEpochEnd(_, __, training) {
      training.log("learningRate", training.learningRate);
    },
  };
}
