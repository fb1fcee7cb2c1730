import { checkOptions, expectCount } from "../checkOption.js";
import type { PlainData } from "../saving/plainData.js";
import type { Callback, Training } from "./callback.js";
import { Monitor, type MonitorMode } from "./monitor.js";

/** Settings of `earlyStopping`; names and defaults are Keras'. */
export interface EarlyStoppingOptions {
  /** Key of the value that is watched; default "val_loss". */
  readonly monitor?: string;
  /** Minimum change that counts as better; default 0. */
  readonly minDelta?: number;
  /** Epochs without improvement after which training ends; default 0. */
  readonly patience?: number;
  /** Whether smaller or larger is better; "auto" (default) knows it of losses, errors, accuracies, precision, recall and auc. */
  readonly mode?: MonitorMode;
  /** Value that must be beaten for the patience to start anew. */
  readonly baseline?: number;
  /** Whether the weights of the best epoch come back when training ends, early or not; default false. */
  readonly restoreBestWeights?: boolean;
  /** First epoch that is watched, counted from 0; default 0. */
  readonly startFromEpoch?: number;
  /** 1 says when it ends training and which weights come back; default 0. */
  readonly verbose?: 0 | 1;
}

const optionNames: readonly (keyof EarlyStoppingOptions)[] = [
  ...(["monitor", "minDelta", "patience", "mode", "baseline", "restoreBestWeights", "startFromEpoch"] as const),
  "verbose",
];

/** What it keeps between epochs. */
interface Kept {
  readonly best: number;
  readonly bestEpoch: number;
  readonly waited: number;
  /** Absent before it has ended training. */
  readonly stoppedEpoch?: number;
  readonly bestWeights?: readonly Float32Array[];
}

/**
 * Ends training when a value has stopped improving. Keras' `EarlyStopping`.
 * Throws `ArgumentError` for options out of range, and at the end of the first epoch when the watched value does not exist, with
 * those that do.
 */
export function earlyStopping(options: EarlyStoppingOptions = {}): Callback {
  checkOptions("earlyStopping", options, optionNames);
  const { monitor = "val_loss", mode = "auto", baseline, restoreBestWeights = false, verbose = 0 } = options;
  const patience = expectCount("earlyStopping: patience", options.patience ?? 0, 0);
  const startFromEpoch = expectCount("earlyStopping: startFromEpoch", options.startFromEpoch ?? 0, 0);
  const minDelta = Math.abs(options.minDelta ?? 0);
  const watched = new Monitor({ callback: "earlyStopping", monitor, mode, minDelta });
  const fresh: Kept = { best: watched.worst, bestEpoch: 0, waited: 0 };
  let kept = fresh;
  const say = (text: string, training: Training): void => {
    if (verbose > 0 && training.writes) {
      console.log(text);
    }
  };
  return {
    name: "earlyStopping",
    onTrainBegin() {
      kept = fresh;
    },
    async onEpochEnd(epoch, logs, training) {
      const value = watched.read(logs);
      if (epoch < startFromEpoch) {
        return;
      }
      if (restoreBestWeights && kept.bestWeights === undefined) {
        kept = { ...kept, bestWeights: await training.getWeights(), bestEpoch: epoch };
      }
      kept = { ...kept, waited: kept.waited + 1 };
      if (watched.isBetter(value, kept.best)) {
        const bestWeights = restoreBestWeights ? { bestWeights: await training.getWeights() } : {};
        const beaten = baseline === undefined || watched.isBetter(value, baseline);
        kept = { ...kept, best: value, bestEpoch: epoch, waited: beaten ? 0 : kept.waited, ...bestWeights };
      } else if (kept.waited >= patience && epoch > 0) {
        kept = { ...kept, stoppedEpoch: epoch };
        training.stop();
      }
    },
    onTrainEnd(training) {
      if (kept.stoppedEpoch !== undefined) {
        say(`Epoch ${kept.stoppedEpoch + 1}: early stopping`, training);
      }
      if (kept.bestWeights !== undefined) {
        say(`Restoring model weights from the end of the best epoch: ${kept.bestEpoch + 1}.`, training);
        training.setWeights(kept.bestWeights);
      }
    },
    getState: () => ({ ...kept }),
    setState(state: PlainData, training: Training) {
      kept = state as unknown as Kept;
      if (kept.stoppedEpoch !== undefined) {
        training.stop();
      }
    },
  };
}
