import type { EvaluationProgress, Logs } from "../../callbacks/index.js";
import type { StepValues } from "../../plan/index.js";
import { seedKey } from "../../random/index.js";
import { type DeviceDataset, type HostSamples, sliceSamples } from "../data/deviceDataset.js";
import type { CompiledModel } from "../declare/buildPlan.js";
import type { DeviceModel } from "./deviceModel.js";
import { RunningMeans, rowsPerStep } from "./runningMeans.js";
import { runSteps } from "./runSteps.js";

/** Steps of one size over consecutive rows. */
interface Stretch {
  readonly firstRow: number;
  readonly size: number;
  readonly count: number;
}

/** Ratio between one batch size and the next smaller one. */
const sizeRatio = 4;

/**
 * Cuts `rows` into steps of `batchSize`, and the rest into a fourth of it, a sixteenth, ... down to single rows: any number
 * of rows takes few plans, and none computes rows that are not there.
 */
export function stretches(rows: number, batchSize: number): Stretch[] {
  const cut: Stretch[] = [];
  let firstRow = 0;
  for (let size = Math.min(batchSize, rows); firstRow < rows; size = Math.max(1, Math.floor(size / sizeRatio))) {
    const count = Math.floor((rows - firstRow) / size);
    if (count > 0) {
      cut.push({ firstRow, size, count });
      firstRow += count * size;
    }
  }
  return cut;
}

/** Runs every row of a data set through steps without training. `onResults` gets the results of steps in order. */
export async function runRows(
  device: DeviceModel,
  mode: "evaluate" | "predict",
  dataset: DeviceDataset,
  batchSize: number,
  onResults: (results: Float32Array, count: number, size: number) => void,
): Promise<void> {
  const plain: Omit<StepValues, "batchStart"> = { iteration: 0, learningRate: 0, stepSize: 0, seed: [...seedKey(0)] };
  for (const { firstRow, size, count } of stretches(dataset.signature.rows, batchSize)) {
    const executable = await device.executable(mode, size, dataset);
    const values = (step: number): StepValues => ({ ...plain, batchStart: firstRow + step * size });
    const report = ({ results, count: steps }: { results: Float32Array; count: number }): boolean => {
      onResults(results, steps, size);
      return true;
    };
    await runSteps(executable, count, values, report, { everyStep: false });
  }
}

/** Most bytes of samples that are put on a device at a time for evaluation and prediction. */
const chunkBytes = 64 * 2 ** 20;

/** Samples in pieces that fit the device, a multiple of the batch size each. */
export function chunks(samples: HostSamples, batchSize: number): HostSamples[] {
  const { rows, data } = samples.inputs;
  const rowBytes = data.byteLength / rows;
  const size = Math.max(1, Math.floor(chunkBytes / (rowBytes * batchSize))) * batchSize;
  const starts = Array.from({ length: Math.ceil(rows / size) }, (_, index) => index * size);
  return starts.map((start) => sliceSamples(samples, start, Math.min(rows, start + size)));
}

/** Loss and metrics over a data set on the device, by name. */
export async function evaluateDataset(
  model: CompiledModel,
  device: DeviceModel,
  dataset: DeviceDataset,
  batchSize: number,
): Promise<Logs> {
  const means = resultMeans(model);
  await runRows(device, "evaluate", dataset, batchSize, (results, count, size) => {
    means.add(results, count, rowsPerStep(model, size));
  });
  return means.values();
}

/** Loss and metrics over samples on the host, by name. */
export async function evaluateSamples(
  model: CompiledModel,
  device: DeviceModel,
  samples: HostSamples,
  batchSize: number,
  onProgress: (progress: EvaluationProgress) => void,
): Promise<Logs> {
  const means = resultMeans(model);
  const progress = new RowProgress(samples.inputs.rows, batchSize, onProgress);
  for (const chunk of chunks(samples, batchSize)) {
    await device.lend(chunk, undefined, (dataset) =>
      runRows(device, "evaluate", dataset, batchSize, (results, count, size) => {
        means.add(results, count, rowsPerStep(model, size));
        progress.add(count, size, means.values());
      }),
    );
  }
  return means.values();
}

function resultMeans({ metrics }: CompiledModel): RunningMeans {
  return new RunningMeans(["loss", ...metrics.map(({ name }) => name)]);
}

/** Counts steps and samples for whoever watches. */
export class RowProgress {
  readonly #samples: number;
  readonly #steps: number;
  readonly #report: (progress: EvaluationProgress) => void;
  #stepsDone = 0;
  #samplesDone = 0;

  constructor(samples: number, batchSize: number, report: (progress: EvaluationProgress) => void) {
    this.#samples = samples;
    this.#steps = stretches(samples, batchSize).reduce((sum, { count }) => sum + count, 0);
    this.#report = report;
  }

  add(count: number, size: number, logs: Logs): void {
    this.#stepsDone += count;
    this.#samplesDone += count * size;
    this.#report({
      stepsDone: this.#stepsDone,
      steps: this.#steps,
      samplesDone: this.#samplesDone,
      samples: this.#samples,
      logs,
    });
  }
}
