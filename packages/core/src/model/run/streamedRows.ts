import type { ProcessGroup } from "../../backend/index.js";
import type { EvaluationProgress, Logs } from "../../callbacks/index.js";
import { DataError } from "../../errors.js";
import { sizeOf } from "../../ops/definition.js";
import type { Dataset } from "../../pipeline/index.js";
import type { StepValues } from "../../plan/index.js";
import { seedKey } from "../../random/index.js";
import type { Tensor } from "../../tensor.js";
import type { BatchSettings } from "../data/batchSamples.js";
import { BatchWindows, type StepsOnDevice, WindowPool } from "./batchWindows.js";
import type { DeviceModel } from "./deviceModel.js";
import { valuesOfAllRanks } from "./evaluate.js";
import { joined } from "./joined.js";
import { sharedBatches } from "./ownBatches.js";
import { RunningMeans } from "./runningMeans.js";
import { runSteps } from "./runSteps.js";

/** Loss and metrics over the batches of a data set's first pass, by name. */
export async function evaluateBatches(
  device: DeviceModel,
  pool: WindowPool,
  data: Dataset<unknown>,
  settings: BatchSettings,
  onProgress: (progress: EvaluationProgress) => void,
): Promise<Logs> {
  const means = new RunningMeans(device.settings);
  const progress = new BatchProgress(device, data, onProgress);
  const counts = await device.metricStates.evaluation(async () => {
    await runBatches(device, "evaluate", pool, data, settings, async (taken, results, count) => {
      means.add(results, count, taken.batchSize);
      progress.add(count, taken.batchSize, means.values());
    });
    progress.end(means.values(await device.metricStates.read("evaluate")));
  });
  return await valuesOfAllRanks(device, device.settings.backend.group, means, counts);
}

/** As `evaluateBatches`, with memory of its own. */
export async function evaluateOnce(
  device: DeviceModel,
  data: Dataset<unknown>,
  settings: BatchSettings,
  onProgress: (progress: EvaluationProgress) => void,
): Promise<Logs> {
  const pool = new WindowPool(device);
  try {
    return await evaluateBatches(device, pool, data, settings, onProgress);
  } finally {
    pool.dispose();
  }
}

/** The model's outputs for the batches of a data set's first pass, in order: [N, ...outputShape] each. */
export async function predictBatches(
  device: DeviceModel,
  data: Dataset<unknown>,
  settings: BatchSettings,
  onProgress: (progress: EvaluationProgress) => void,
): Promise<Tensor<Float32Array>[]> {
  const { outputs } = device.settings.network;
  const names = outputs.map(({ name }) => name);
  const sizes = outputs.map(({ shape }) => sizeOf(shape));
  const pool = new WindowPool(device, { predictionSizes: sizes });
  const parts: Float32Array[][] = outputs.map(() => []);
  const batchRows: number[] = [];
  const progress = new BatchProgress(device, data, onProgress);
  try {
    await runBatches(
      device,
      "predict",
      pool,
      data,
      settings,
      async ({ batchSize }, _, count) => {
        progress.add(count, batchSize, {});
      },
      async ({ dataset, firstRow, batchSize, count }) => {
        batchRows.push(...new Array<number>(count).fill(batchSize));
        for (const [index, part] of parts.entries()) {
          part.push(await dataset.readPredictions(names, index, firstRow, count * batchSize));
        }
      },
    );
    progress.end({});
  } finally {
    pool.dispose();
  }
  const all = await rowsOfAllRanks(device.settings.backend.group, batchRows, parts.map(joined));
  return outputs.map(({ shape }, index) => ({ data: all.data[index]!, shape: [all.rows, ...shape] }));
}

/** Predictions for all batches in their order, out of those that each rank has made. */
async function rowsOfAllRanks(
  group: ProcessGroup | undefined,
  batchRows: readonly number[],
  own: readonly Float32Array[],
): Promise<{ readonly rows: number; readonly data: readonly Float32Array[] }> {
  const rowsOf = (sizes: Iterable<number>): number => [...sizes].reduce((sum, size) => sum + size, 0);
  if (group === undefined) {
    return { rows: rowsOf(batchRows), data: own };
  }
  const sizes = await group.gather(Float32Array.from(batchRows));
  const data: Float32Array[] = [];
  for (const values of own) {
    const byRank = await group.gather(values);
    const width = rowsOf(byRank.map(({ length }) => length)) / rowsOf(sizes.map(rowsOf));
    const read = sizes.map(() => 0);
    // In turn, as they were shared out.
    const batches = Array.from({ length: Math.max(...sizes.map(({ length }) => length)) }, (_, round) =>
      sizes.flatMap((rankSizes, rank) => {
        const start = read[rank]!;
        read[rank] = start + (rankSizes[round] ?? 0) * width;
        return [byRank[rank]!.subarray(start, read[rank])];
      }),
    );
    data.push(joined(batches.flat()));
  }
  return { rows: rowsOf(sizes.map(rowsOf)), data };
}

/**
 * Runs all batches that fall to this process. `onResults` gets the results of steps that ran together, `onTaken` learns of those that were
 * taken together.
 */
async function runBatches(
  device: DeviceModel,
  mode: "evaluate" | "predict",
  pool: WindowPool,
  data: Dataset<unknown>,
  settings: BatchSettings,
  onResults: (taken: StepsOnDevice, results: Float32Array, count: number) => Promise<void>,
  onTaken: (taken: StepsOnDevice) => Promise<void> = async () => undefined,
): Promise<void> {
  const plain: Omit<StepValues, "batchStart"> = { iteration: 0, learningRate: 0, stepSize: 0, seed: seedKey(0) };
  let batches = 0;
  const windows = new BatchWindows(
    pool,
    sharedBatches(device.settings, data, settings, () => batches++),
  );
  try {
    for (let taken = await windows.take(Infinity); taken !== undefined; taken = await windows.take(Infinity)) {
      const { dataset, firstRow, batchSize, count } = taken;
      const executable = await device.executable(mode, batchSize, dataset);
      const values = (step: number): StepValues => ({ ...plain, batchStart: firstRow + step * batchSize });
      for await (const run of runSteps(executable, count, values)) {
        await onResults(taken, run.results, run.count);
      }
      await onTaken(taken);
    }
  } finally {
    await windows.close();
  }
  await device.settings.backend.group?.expectSame({
    [`number of batches of ${settings.what} to ${mode}`]: [String(batches)],
  });
  if (batches === 0) {
    throw new DataError(`${settings.what} is empty; it must give at least one batch`);
  }
}

/** Counts this process's steps and samples for progress reports; how many there will be is known for some data sets only. */
class BatchProgress {
  readonly #steps: number;
  readonly #report: (progress: EvaluationProgress) => void;
  #stepsDone = 0;
  #samplesDone = 0;

  constructor(
    { settings: { backend } }: DeviceModel,
    { size = Infinity }: Dataset<unknown>,
    report: (progress: EvaluationProgress) => void,
  ) {
    const { rank, size: ranks } = backend.group ?? { rank: 0, size: 1 };
    this.#steps = Math.ceil((size - rank) / ranks);
    this.#report = report;
  }

  add(count: number, batchSize: number, logs: Logs): void {
    this.#stepsDone += count;
    this.#samplesDone += count * batchSize;
    this.#tell(this.#steps, Infinity, logs);
  }

  /** The last report is of the end: there is nothing more. */
  end(logs: Logs): void {
    this.#tell(this.#stepsDone, this.#samplesDone, logs);
  }

  #tell(steps: number, samples: number, logs: Logs): void {
    this.#report({ stepsDone: this.#stepsDone, steps, samplesDone: this.#samplesDone, samples, logs });
  }
}
