import { checkOptions, expectCount } from "../../checkOption.js";
import type { Callback, Logs, Training } from "../callback.js";
import { EventFile, type EventStore } from "./eventFile.js";

/** Settings of `tensorBoard`; names and defaults are Keras'. */
export interface TensorBoardOptions {
  /**
   * Folder of the event files, a path or file: address in Node; default "logs". `{ append(name, bytes) }` sends them elsewhere,
   * from a page to a server, say.
   */
  readonly logDir?: string | URL | EventStore;
  /**
   * When loss and metrics are written: after every epoch ("epoch", the default), and with a number also after so many steps
   * ("batch" is 1).
   */
  readonly updateFreq?: "epoch" | "batch" | number;
  /**
   * After how many epochs the distribution of every weight is written, as "dense/kernel/histogram"; default 0: never. Each time the
   * weights are read from the device.
   */
  readonly histogramFreq?: number;
  /** Whether steps a second are written as well; default false. */
  readonly writeStepsPerSecond?: boolean;
}

const optionNames: readonly (keyof TensorBoardOptions)[] = [
  ...(["logDir", "updateFreq", "histogramFreq", "writeStepsPerSecond"] as const),
];

/**
 * Writes loss and metrics as event files that TensorBoard shows (`tensorboard --logdir logs`), with the runs "train" and
 * "validation" and the names of Keras 3: `epoch_loss`, `epoch_learning_rate`, `evaluation_loss_vs_iterations`, `batch_loss`, ...
 * Keras' `TensorBoard`, without graphs, images and profiles. Throws `ArgumentError` for options out of range.
 */
export function tensorBoard(options: TensorBoardOptions = {}): Callback {
  const {
    logDir = "logs",
    updateFreq = "epoch",
    histogramFreq = 0,
    writeStepsPerSecond = false,
  } = checkOptions("tensorBoard", options, optionNames);
  const interval =
    updateFreq === "epoch"
      ? undefined
      : expectCount(
          'tensorBoard: updateFreq, where it is not "epoch" or "batch",',
          updateFreq === "batch" ? 1 : updateFreq,
        );
  if (histogramFreq !== 0) {
    expectCount("tensorBoard: histogramFreq, where it is not 0,", histogramFreq);
  }
  const train = new EventFile(logDir, "train");
  const validation = new EventFile(logDir, "validation");
  let epochStart = { time: 0, iteration: 0 };
  let batchStart = { time: 0, iteration: 0 };
  const now = ({ iteration }: Training): typeof epochStart => ({ time: performance.now(), iteration });
  const speed = (since: typeof epochStart, training: Training): number =>
    (training.iteration - since.iteration) / ((performance.now() - since.time) / 1000);

  const callback: Callback = {
    onEpochBegin(_, training) {
      epochStart = now(training);
      batchStart = epochStart;
    },
    async onEpochEnd(epoch, logs, training) {
      if (!training.writes) {
        return;
      }
      for (const [name, value] of Object.entries(trainLogs(logs))) {
        train.addScalar(`epoch_${name}`, value, epoch);
      }
      train.addScalar("epoch_learning_rate", training.learningRate, epoch);
      if (writeStepsPerSecond) {
        train.addScalar("epoch_steps_per_second", speed(epochStart, training), epoch);
      }
      for (const [name, value] of Object.entries(validationLogs(logs))) {
        validation.addScalar(`evaluation_${name}_vs_iterations`, value, training.iteration);
        validation.addScalar(`epoch_${name}`, value, epoch);
      }
      if (histogramFreq > 0 && epoch % histogramFreq === 0) {
        const { weights } = await training.getState();
        for (const [path, { data }] of Object.entries(weights)) {
          train.addHistogram(`${path}/histogram`, data, epoch);
        }
      }
      await train.flush();
      await validation.flush();
    },
  };
  if (interval === undefined) {
    return callback;
  }
  return {
    ...callback,
    batchInterval: interval,
    async onBatchEnd(_, logs, training) {
      if (!training.writes) {
        return;
      }
      for (const [name, value] of Object.entries(logs)) {
        train.addScalar(`batch_${name}`, value, training.iteration);
      }
      if (writeStepsPerSecond) {
        train.addScalar("batch_steps_per_second", speed(batchStart, training), training.iteration);
        batchStart = now(training);
      }
      await train.flushWhenDue();
    },
  };
}

function trainLogs(logs: Logs): Logs {
  // The learning rate is written for all, whether a callback has logged it or not.
  const own = Object.entries(logs).filter(([name]) => !name.startsWith("val_") && name !== "learningRate");
  return Object.fromEntries(own);
}

function validationLogs(logs: Logs): Logs {
  const own = Object.entries(logs).filter(([name]) => name.startsWith("val_"));
  return Object.fromEntries(own.map(([name, value]) => [name.slice("val_".length), value]));
}
