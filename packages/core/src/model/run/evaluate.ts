import type { ProcessGroup } from "../../backend/index.js";
import type { EvaluationProgress, Logs } from "../../callbacks/index.js";
import type { StepValues } from "../../plan/index.js";
import { seedKey } from "../../random/index.js";
import type { DeviceDataset } from "../data/deviceDataset.js";
import { type HostSamples, sliceSamples } from "../data/hostSamples.js";
import type { DeviceModel } from "./deviceModel.js";
import type { MetricCounts } from "./metricStates.js";
import { countsOfAllRanks, expectSameRows, meansOfAllRanks, ownRows } from "./rankSums.js";
import { RunningMeans } from "./runningMeans.js";
import { runSteps, type Stretch } from "./runSteps.js";

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
      cut.push({ firstRow, batchSize: size, count });
      firstRow += count * size;
    }
  }
  return cut;
}

/** Results of steps of one batch size that ran together. */
interface EvaluatedSteps {
  readonly results: Float32Array;
  readonly count: number;
  readonly batchSize: number;
}

/** Runs rows of a data set, by default all, through steps without training and gives their results in order. */
export async function* runRows(
  device: DeviceModel,
  mode: "evaluate" | "predict",
  dataset: DeviceDataset,
  batchSize: number,
  { start, end }: { readonly start: number; readonly end: number } = { start: 0, end: dataset.signature.rows },
): AsyncGenerator<EvaluatedSteps, void, undefined> {
  const plain: Omit<StepValues, "batchStart"> = { iteration: 0, learningRate: 0, stepSize: 0, seed: seedKey(0) };
  for (const { firstRow, batchSize: size, count } of stretches(end - start, batchSize)) {
    const executable = await device.executable(mode, size, dataset);
    const values = (step: number): StepValues => ({ ...plain, batchStart: start + firstRow + step * size });
    for await (const run of runSteps(executable, count, values)) {
      yield { results: run.results, count: run.count, batchSize: size };
    }
  }
}

/** Upper bound on the bytes of samples that are put on a device at a time for evaluation and prediction, with what is predicted. */
const chunkBytes = 64 * 2 ** 20;

/** Samples in pieces that fit the device, a multiple of the batch size each. Of each sample `predicted` numbers are kept there. */
export function chunks(samples: HostSamples, batchSize: number, predicted = 0): HostSamples[] {
  const { rows, inputs } = samples;
  if (rows === 0) {
    return [];
  }
  const rowBytes = inputs.reduce((sum, { data }) => sum + data.byteLength, 0) / rows + 4 * predicted;
  const size = Math.max(1, Math.floor(chunkBytes / (rowBytes * batchSize))) * batchSize;
  const starts = Array.from({ length: Math.ceil(rows / size) }, (_, index) => index * size);
  return starts.map((start) => sliceSamples(samples, start, Math.min(rows, start + size)));
}

/** Loss and metrics over a data set on the device, by name. */
export async function evaluateDataset(device: DeviceModel, dataset: DeviceDataset, batchSize: number): Promise<Logs> {
  const means = new RunningMeans(device.settings);
  const own = ownRows(device.settings.backend.group, dataset.signature.rows, batchSize);
  const counts = await device.metricStates.evaluation(async () => {
    for await (const run of runRows(device, "evaluate", dataset, batchSize, own)) {
      means.add(run.results, run.count, run.batchSize);
    }
  });
  return await valuesOfAllRanks(device, own.group, means, counts);
}

/** Values by name, of what all ranks have added up where they have shared the rows out. */
export async function valuesOfAllRanks(
  { settings }: DeviceModel,
  group: ProcessGroup | undefined,
  means: RunningMeans,
  counts: MetricCounts,
): Promise<Logs> {
  return group === undefined
    ? means.values(counts)
    : (await meansOfAllRanks(settings, group, means)).values(await countsOfAllRanks(settings.backend, counts));
}

/** Loss and metrics over samples on the host, by name. */
export async function evaluateSamples(
  device: DeviceModel,
  all: HostSamples,
  batchSize: number,
  onProgress: (progress: EvaluationProgress) => void,
): Promise<Logs> {
  const { start, end, group } = ownRows(device.settings.backend.group, all.rows, batchSize);
  await expectSameRows(group, "evaluate", all.rows, batchSize);
  const samples = sliceSamples(all, start, end);
  const means = new RunningMeans(device.settings);
  const progress = new RowProgress(samples.rows, batchSize, onProgress);
  const counts = await device.metricStates.evaluation(async () => {
    for (const chunk of chunks(samples, batchSize)) {
      await device.lend(chunk, {}, async (dataset) => {
        for await (const run of runRows(device, "evaluate", dataset, batchSize)) {
          means.add(run.results, run.count, run.batchSize);
          // What is counted on the device is known at the end, and the last report shows it.
          const known = progress.completedBy(run) ? await device.metricStates.read("evaluate") : [];
          progress.add(run, means.values(known));
        }
      });
    }
  });
  return await valuesOfAllRanks(device, group, means, counts);
}

/** Counts steps and samples for progress reports. */
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

  /** Whether nothing is left after these steps. */
  completedBy({ count, batchSize }: Pick<Stretch, "count" | "batchSize">): boolean {
    return this.#samplesDone + count * batchSize >= this.#samples;
  }

  add({ count, batchSize }: Pick<Stretch, "count" | "batchSize">, logs: Logs): void {
    this.#stepsDone += count;
    this.#samplesDone += count * batchSize;
    this.#report({
      stepsDone: this.#stepsDone,
      steps: this.#steps,
      samplesDone: this.#samplesDone,
      samples: this.#samples,
      logs,
    });
  }
}
