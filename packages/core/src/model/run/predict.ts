import type { EvaluationProgress } from "../../callbacks/index.js";
import { sizeOf } from "../../ops/definition.js";
import type { Tensor } from "../../tensor.js";
import type { HostSamples } from "../data/hostSamples.js";
import type { DeviceModel } from "./deviceModel.js";
import { chunks, RowProgress, runRows } from "./evaluate.js";

/** The model's outputs for samples on the host: [N, ...outputShape]. */
export async function predictSamples(
  device: DeviceModel,
  samples: HostSamples,
  batchSize: number,
  onProgress: (progress: EvaluationProgress) => void,
): Promise<Tensor<Float32Array>> {
  const { outputShape } = device.settings.network;
  const { rows } = samples.inputs;
  const rowSize = sizeOf(outputShape);
  const data = new Float32Array(rows * rowSize);
  const progress = new RowProgress(rows, batchSize, onProgress);
  let row = 0;
  for (const chunk of chunks(samples, batchSize)) {
    await device.lend(chunk, { predictionSize: rowSize }, async (dataset) => {
      for await (const run of runRows(device, "predict", dataset, batchSize)) {
        progress.add(run, {});
      }
      data.set(await dataset.readPredictions(), row * rowSize);
    });
    row += chunk.inputs.rows;
  }
  return { data, shape: [rows, ...outputShape] };
}
