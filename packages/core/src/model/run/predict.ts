import type { EvaluationProgress } from "../../callbacks/index.js";
import { sizeOf } from "../../ops/definition.js";
import type { Tensor } from "../../tensor.js";
import { type HostSamples, sliceSamples } from "../data/hostSamples.js";
import type { DeviceModel } from "./deviceModel.js";
import { chunks, RowProgress, runRows } from "./evaluate.js";
import { joined } from "./joined.js";
import { expectSameRows, ownRows } from "./rankSums.js";

/** The model's outputs for samples on the host, in order: [N, ...outputShape] each. */
export async function predictSamples(
  device: DeviceModel,
  all: HostSamples,
  batchSize: number,
  onProgress: (progress: EvaluationProgress) => void,
): Promise<Tensor<Float32Array>[]> {
  const { outputs } = device.settings.network;
  const { start, end, group } = ownRows(device.settings.backend.group, all.rows, batchSize);
  await expectSameRows(group, "predict", all.rows, batchSize);
  const samples = sliceSamples(all, start, end);
  const { rows, outputNames } = samples;
  const rowSizes = outputs.map(({ shape }) => sizeOf(shape));
  const results = rowSizes.map((size) => new Float32Array(rows * size));
  const progress = new RowProgress(rows, batchSize, onProgress);
  const predicted = rowSizes.reduce((sum, size) => sum + size, 0);
  let row = 0;
  for (const chunk of chunks(samples, batchSize, predicted)) {
    await device.lend(chunk, { predictionSizes: rowSizes }, async (dataset) => {
      for await (const run of runRows(device, "predict", dataset, batchSize)) {
        progress.add(run, {});
      }
      for (const [index, size] of rowSizes.entries()) {
        results[index]!.set(await dataset.readPredictions(outputNames, index), row * size);
      }
    });
    row += chunk.rows;
  }
  const found: Tensor<Float32Array>[] = [];
  for (const [index, { shape }] of outputs.entries()) {
    const data = group === undefined ? results[index]! : joined(await group.gather(results[index]!));
    found.push({ data, shape: [all.rows, ...shape] });
  }
  return found;
}
