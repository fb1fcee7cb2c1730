import type { Logs } from "../../callbacks/index.js";
import { stepDraws } from "../../layers/augmentation/stepDraws.js";
import type { HostSamples } from "../data/hostSamples.js";
import type { DeviceModel } from "./deviceModel.js";
import { countsOfAllRanks } from "./rankSums.js";
import { RunningMeans } from "./runningMeans.js";
import { trainSteps } from "./trainSteps.js";

/** One training step over all the samples: the step of `fit`, its errors included. Returns loss and metrics by name. */
export async function trainOnBatch(device: DeviceModel, samples: HostSamples, seed: number): Promise<Logs> {
  const batchSize = samples.rows;
  const draws = stepDraws(device.settings.network);
  return device.lend(samples, { draws }, async (data) => {
    const executable = await device.executable("train", batchSize, data);
    await device.weights.copyWhenDue();
    device.metricStates.clear("train");
    data.writeDrawn([draws.draw(seed, device.weights.iteration, batchSize)], 0);
    const means = new RunningMeans(device.settings);
    const step = { firstStep: device.weights.iteration, firstRow: 0, batchSize, count: 1 };
    for await (const _ of trainSteps(device, executable, step, { seed, means })) {
      // The means have it all.
    }
    return means.values(await countsOfAllRanks(device.settings.backend, await device.metricStates.read("train")));
  });
}
