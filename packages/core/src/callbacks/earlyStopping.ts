import { ArgumentError } from "../errors.js";
import type { Callback, Logs } from "./callback.js";

/** Settings of `earlyStopping`; names and defaults are Keras'. */
export interface EarlyStoppingOptions {
  /** Key of the value that is watched; default "val_loss". */
  readonly monitor?: string;
  /** Minimum change that counts as better; default 0. */
  readonly minDelta?: number;
  /** Epochs without improvement after which training ends; default 0. */
  readonly patience?: number;
  /** Whether smaller or larger is better; "auto" (default): larger for names with "acc" or "auc", else smaller. */
  readonly mode?: "auto" | "min" | "max";
  /** Value that the first epochs must beat. */
  readonly baseline?: number;
  /** Whether the weights of the best epoch come back when training ends early; default false. */
  readonly restoreBestWeights?: boolean;
  /** First epoch that is watched, counted from 0; default 0. */
  readonly startFromEpoch?: number;
}

/**
 * Ends training when a value has stopped improving. Keras' `EarlyStopping`.
 * Throws `ArgumentError` at the end of the first epoch when the watched value does not exist, with those that do.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  const { monitor = "val_loss", patience = 0, mode = "auto", restoreBestWeights = false, startFromEpoch = 0 } = options;
  const larger = mode === "max" || (mode === "auto" && /acc|auc/i.test(monitor));
  const minDelta = Math.abs(options.minDelta ?? 0);
  const isBetter = (value: number, than: number): boolean =>
    larger ? value - minDelta > than : value + minDelta < than;
  const worst = larger ? -Infinity : Infinity;
  let best = worst;
  let waited = 0;
  let bestWeights: Float32Array[] | undefined;
  return {
    onTrainBegin() {
      best = worst;
      waited = 0;
      bestWeights = undefined;
    },
    async onEpochEnd(epoch, logs, training) {
      const value = monitored(monitor, logs);
      if (epoch < startFromEpoch) {
        return;
      }
      if (restoreBestWeights && bestWeights === undefined) {
        bestWeights = await training.getWeights();
      }
      waited++;
      if (isBetter(value, best)) {
        best = value;
        bestWeights = restoreBestWeights ? await training.getWeights() : undefined;
        if (options.baseline === undefined || isBetter(value, options.baseline)) {
          waited = 0;
        }
      }
      if (waited >= patience && waited > 0 && epoch > training.initialEpoch) {
        training.stop();
        if (bestWeights !== undefined) {
          training.setWeights(bestWeights);
        }
      }
    },
  };
}

function monitored(monitor: string, logs: Logs): number {
  const value = logs[monitor];
  if (value === undefined) {
    throw new ArgumentError(
      `earlyStopping: there is no "${monitor}" to watch; this training has ${Object.keys(logs).join(", ")}` +
        (monitor.startsWith("val_") ? ". Pass validationSplit or validationData to fit for val_ values" : ""),
    );
  }
  return value;
}
