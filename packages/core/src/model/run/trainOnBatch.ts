import type { Logs } from "../../callbacks/index.js";
import { NonFiniteLossError } from "../../errors.js";
import { packSteps } from "../../plan/index.js";
import type { HostSamples } from "../data/deviceDataset.js";
import type { CompiledModel } from "../declare/buildPlan.js";
import type { DeviceModel } from "./deviceModel.js";
import { RunningMeans, rowsPerStep } from "./runningMeans.js";
import { stepValues } from "./stepValues.js";

/** One training step over all the samples. Throws `NonFiniteLossError`; the model then holds the last good weights. */
export async function trainOnBatch(
  model: CompiledModel,
  device: DeviceModel,
  samples: HostSamples,
  seed: number,
): Promise<Logs> {
  const { rows } = samples.inputs;
  return device.lend(samples, undefined, async (dataset) => {
    const executable = await device.executable("train", rows, dataset);
    await device.lastGood.copy(device.iteration);
    const step = stepValues(model.optimizer, device.iteration, 0, seed);
    const results = await executable.run(packSteps([step]));
    device.iteration++;
    const means = new RunningMeans(["loss", ...model.metrics.map(({ name }) => name)]);
    const [loss] = means.add(results, 1, rowsPerStep(model, rows));
    if (!Number.isFinite(loss)) {
      device.restoreLastGood();
      throw new NonFiniteLossError(
        `the loss of this batch is ${loss}; the model holds the last good weights. ` +
          "Try a smaller learning rate, clipping (globalClipNorm: 1), or inputs scaled to [0, 1]",
        { epoch: 0, step: step.iteration, loss: loss as number },
      );
    }
    device.lastGood.confirm(step.iteration);
    return means.values();
  });
}
