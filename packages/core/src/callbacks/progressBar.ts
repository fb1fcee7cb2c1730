import { openTerminal } from "#terminal";
import type { Callback, EvaluationProgress, Logs, Training } from "./callback.js";
import { formatDuration, formatLogs, formatWaiting, progressLine } from "./progressLine.js";

/** 0: silent. 1: a bar per epoch. 2: a line per epoch. */
export type Verbosity = 0 | 1 | 2;

/** A callback that holds the terminal and has to give it back. */
export interface TrainingProgress extends Callback {
  /** Prints a line about how training runs, where a line is printed for each epoch. */
  note(line: string): void;
  /** Ends the output, whether training came to its end or not. */
  close(): void;
}

/** What `fit` prints, as Keras does: a bar on a terminal, plain lines elsewhere. */
export function trainingProgress(verbose: Verbosity): TrainingProgress {
  if (verbose === 0) {
    return { close: () => undefined, note: () => undefined };
  }
  const terminal = openTerminal();
  let epochStart = 0;
  let trainedMs = 0;
  let waitedMs = 0;
  const line = (stepsDone: number, samplesDone: number, logs: Logs, { stepsPerEpoch }: Training): string =>
    progressLine({ stepsDone, steps: stepsPerEpoch, samplesDone, elapsedMs: trainedMs, waitedMs, logs });
  let done = { stepsDone: 0, samplesDone: 0 };
  return {
    close: () => terminal.close(),
    note: (text) => {
      if (verbose === 2) {
        terminal.print(text);
      }
    },
    onEpochBegin(epoch, { epochs }) {
      terminal.print(`Epoch ${epoch + 1}/${epochs}`);
      epochStart = performance.now();
      trainedMs = 0;
      waitedMs = 0;
      done = { stepsDone: 0, samplesDone: 0 };
    },
    onProgress({ stepsDone, samplesDone, logs, waitedMs: waited }, training) {
      waitedMs = waited;
      trainedMs = performance.now() - epochStart;
      done = { stepsDone, samplesDone };
      if (verbose === 1 && terminal.interactive) {
        terminal.draw(line(stepsDone, samplesDone, logs, training));
      }
    },
    onEpochEnd(_, logs, training) {
      const { stepsDone, samplesDone } = done;
      if (verbose === 1) {
        terminal.finish(line(stepsDone, samplesDone, logs, training));
      } else {
        terminal.print(
          [
            `${stepsDone}/${training.stepsPerEpoch}`,
            formatDuration(trainedMs),
            ...formatWaiting(waitedMs, trainedMs),
            ...formatLogs(logs),
          ].join(" - "),
        );
      }
    },
  };
}

/** What `evaluate` and `predict` print while `work` runs. */
export async function withProgress<T>(
  verbose: Verbosity,
  work: (report: (progress: EvaluationProgress) => void) => Promise<T>,
): Promise<T> {
  if (verbose === 0) {
    return work(() => undefined);
  }
  const terminal = openTerminal();
  const start = performance.now();
  const report = ({ stepsDone, steps, samplesDone, samples, logs }: EvaluationProgress): void => {
    const line = progressLine({ stepsDone, steps, samplesDone, elapsedMs: performance.now() - start, logs });
    if (samplesDone >= samples) {
      terminal.finish(line);
    } else if (verbose === 1 && terminal.interactive) {
      terminal.draw(line);
    }
  };
  try {
    return await work(report);
  } finally {
    terminal.close();
  }
}
