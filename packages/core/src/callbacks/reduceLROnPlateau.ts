import { checkOptions, expectCount, expectRange } from "../checkOption.js";
import { ArgumentError } from "../errors.js";
import type { Callback } from "./callback.js";
import { Monitor, type MonitorMode } from "./monitor.js";

/** Settings of `reduceLROnPlateau`; names and defaults are Keras'. */
export interface ReduceLROnPlateauOptions {
  /** Key of the value that is watched; default "val_loss". */
  readonly monitor?: string;
  /** What the learning rate is multiplied by, at least 0 and below 1; default 0.1. */
  readonly factor?: number;
  /** Epochs without improvement after which the rate is reduced; default 10. */
  readonly patience?: number;
  /** Whether smaller or larger is better; "auto" (default) knows it of losses, errors, accuracies, precision, recall and auc. */
  readonly mode?: MonitorMode;
  /** Minimum change that counts as better; default 1e-4. */
  readonly minDelta?: number;
  /** Epochs after a reduction that are not counted; default 0. */
  readonly cooldown?: number;
  /** Lower bound of the rate; default 0. */
  readonly minLr?: number;
  /** 1 says when it reduces the rate; default 0. */
  readonly verbose?: 0 | 1;
}

const optionNames: readonly (keyof ReduceLROnPlateauOptions)[] = [
  ...(["monitor", "factor", "patience", "mode", "minDelta", "cooldown", "minLr", "verbose"] as const),
];

/**
 * Reduces the learning rate when a value has stopped improving, and adds `learningRate` to the logs of every epoch: the rate that
 * it was trained with. Keras' `ReduceLROnPlateau`. Throws `ArgumentError` for options out of range, beside a schedule, and at the end
 * of the first epoch when the watched value does not exist.
 */
export function reduceLROnPlateau(options: ReduceLROnPlateauOptions = {}): Callback {
  checkOptions("reduceLROnPlateau", options, optionNames);
  const { monitor = "val_loss", factor = 0.1, mode = "auto", verbose = 0 } = options;
  if (!(factor >= 0 && factor < 1)) {
    throw new ArgumentError(`reduceLROnPlateau: factor is ${factor}, expected a number of at least 0 and below 1`);
  }
  const patience = expectCount("reduceLROnPlateau: patience", options.patience ?? 10, 0);
  const cooldown = expectCount("reduceLROnPlateau: cooldown", options.cooldown ?? 0, 0);
  const minLr = expectRange("reduceLROnPlateau: minLr", options.minLr ?? 0, 0, Infinity);
  const minDelta = options.minDelta ?? 1e-4;
  const watched = new Monitor({ callback: "reduceLROnPlateau", monitor, mode, minDelta });
  const fresh = { best: watched.worst, waited: 0, cooling: 0 };
  let kept = fresh;
  return {
    name: "reduceLROnPlateau",
    onTrainBegin() {
      kept = fresh;
    },
    onEpochEnd(epoch, logs, training) {
      const value = watched.read(logs);
      const rate = training.learningRate;
      training.log("learningRate", rate);
      let { best, waited, cooling } = kept;
      if (cooling > 0) {
        cooling--;
        waited = 0;
      }
      if (watched.isBetter(value, best)) {
        best = value;
        waited = 0;
      } else if (cooling === 0) {
        waited++;
        if (waited >= patience && rate > minLr) {
          training.learningRate = Math.max(rate * factor, minLr);
          cooling = cooldown;
          waited = 0;
          if (verbose > 0 && training.writes) {
            console.log(`Epoch ${epoch + 1}: reduceLROnPlateau reducing learning rate to ${training.learningRate}.`);
          }
        }
      }
      kept = { best, waited, cooling };
    },
    getState: () => ({ ...kept }),
    setState(state) {
      kept = state as typeof kept;
    },
  };
}
