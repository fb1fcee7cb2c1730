import { checkOptions, expectCount } from "../checkOption.js";
import { ArgumentError } from "../errors.js";
import { type ModelTarget, sourceName } from "../saving/stores.js";
import type { Callback, Logs, Training } from "./callback.js";
import { fillPlaceholders } from "./fillPlaceholders.js";
import { Monitor, type MonitorMode } from "./monitor.js";

/** Settings of `modelCheckpoint`; names and defaults are Keras'. */
export interface ModelCheckpointOptions {
  /** Key of the value that decides with `saveBestOnly`; default "val_loss". */
  readonly monitor?: string;
  /** Whether only a model is saved that is better than all before; default false. */
  readonly saveBestOnly?: boolean;
  /** Whether the weights alone are saved, for `loadWeights`; default false: the whole model, for `loadModel`. */
  readonly saveWeightsOnly?: boolean;
  /** Whether smaller or larger is better; "auto" (default) knows it of losses, errors, accuracies, precision, recall and auc. */
  readonly mode?: MonitorMode;
  /** When it saves: at the end of every epoch ("epoch", the default) or after so many steps. */
  readonly saveFreq?: "epoch" | number;
  /** With `saveBestOnly`, what the first model must beat; default: anything. */
  readonly initialValueThreshold?: number;
  /** 1 says what it does; default 0. */
  readonly verbose?: 0 | 1;
}

const optionNames: readonly (keyof ModelCheckpointOptions)[] = [
  ...(["monitor", "saveBestOnly", "saveWeightsOnly", "mode", "saveFreq", "initialValueThreshold", "verbose"] as const),
];

/** What a checkpoint is of: `epoch` counted from 1 and, between epochs, `batch` counted from 1; loss and metrics. */
export type CheckpointValues = Readonly<Record<string, number>>;

/**
 * Saves the model while it is trained. Keras' `ModelCheckpoint`. A saved model holds how far training was, and goes on from there:
 * `loadModel`, then `fit` with `resumeFrom: await model.getTrainingState()`.
 *
 * Throws `ArgumentError` for options out of range, where a watched value does not exist, and for an unknown placeholder.
 * @param target as of `Model.save`. A path may have placeholders for `epoch`, counted from 1, the values of the logs and, between
 * epochs, `batch`: "run/{epoch:02d}-{val_loss:.2f}.safetensors". Or a function of these that gives the target
 */
export function modelCheckpoint(
  target: ModelTarget | ((values: CheckpointValues) => ModelTarget),
  options: ModelCheckpointOptions = {},
): Callback {
  checkOptions("modelCheckpoint", options, optionNames);
  const { monitor = "val_loss", saveBestOnly = false, saveWeightsOnly = false, mode = "auto", verbose = 0 } = options;
  const { saveFreq = "epoch" } = options;
  // Without a value to watch there is nothing to find out about it.
  const watched = saveBestOnly ? new Monitor({ callback: "modelCheckpoint", monitor, mode, minDelta: 0 }) : undefined;
  if (saveFreq !== "epoch") {
    expectCount('modelCheckpoint: saveFreq, where it is not "epoch",', saveFreq);
    if (saveBestOnly && monitor.startsWith("val_")) {
      throw new ArgumentError(
        `modelCheckpoint: "${monitor}" is known at the end of an epoch alone, but saveFreq is ${saveFreq}; watch "loss" or a metric, ` +
          'or save by saveFreq: "epoch"',
      );
    }
  }
  let best = options.initialValueThreshold ?? watched?.worst ?? 0;
  let epochNow = 0;

  const save = async (epoch: number, batch: number | undefined, logs: Logs, training: Training): Promise<void> => {
    const values = { ...logs, epoch: epoch + 1, ...(batch === undefined ? {} : { batch: batch + 1 }) };
    const place = placeOf(target, values);
    const say = (text: string): void => {
      if (verbose > 0 && training.writes) {
        console.log(`Epoch ${epoch + 1}: ${text}`);
      }
    };
    if (watched !== undefined) {
      const value = watched.read(logs);
      if (!watched.isBetter(value, best)) {
        say(`${monitor} did not improve from ${best.toFixed(5)}`);
        return;
      }
      say(`${monitor} improved from ${best.toFixed(5)} to ${value.toFixed(5)}, saving model to ${sourceName(place)}`);
      best = value;
    } else {
      say(`saving model to ${sourceName(place)}`);
    }
    await (saveWeightsOnly ? training.saveWeights(place) : training.save(place));
  };

  return {
    name: "modelCheckpoint",
    onEpochBegin(epoch) {
      epochNow = epoch;
    },
    ...(saveFreq === "epoch"
      ? { onEpochEnd: (epoch, logs, training): Promise<void> => save(epoch, undefined, logs, training) }
      : {
          batchInterval: saveFreq,
          onBatchEnd: (batch, logs, training): Promise<void> => save(epochNow, batch, logs, training),
        }),
    getState: () => best,
    setState(state) {
      best = state as number;
    },
  } satisfies Callback;
}

function placeOf(target: Parameters<typeof modelCheckpoint>[0], values: CheckpointValues): ModelTarget {
  if (typeof target === "function") {
    return target(values);
  }
  return typeof target === "string" ? fillPlaceholders("modelCheckpoint", target, values) : target;
}
