import { describeNetwork } from "../declare/describeNetwork.js";
import type { DeviceModel } from "./deviceModel.js";
import type { FitRequest } from "./fitRequest.js";
import type { FitSession } from "./fitSession.js";

/** Throws `ArgumentError` where processes that train together do not train the same: it names what differs on which ranks. */
export async function expectSameTraining(
  { settings, weights }: DeviceModel,
  { samples, epochs, shuffle, validated }: FitRequest,
  session: FitSession,
): Promise<void> {
  const { group } = settings.backend;
  if (group === undefined) {
    return;
  }
  const { epoch, step, batchSize, seed, stepsPerEpoch } = session.fitState;
  await group.expectSame({
    model: [describeNetwork(settings)],
    "data set": samples,
    seed: [String(seed)],
    "batch size, number of steps or epochs, or shuffle": [
      JSON.stringify({ batchSize, stepsPerEpoch, epochs, shuffle }),
    ],
    // What the first process alone does at steps or in validation, the others would not do with it.
    "rhythm of callbacks between steps (every process passes all of them to fit)": [
      JSON.stringify(session.callbacks.intervals),
    ],
    validation: [validated.text],
    "validation data": validated.samples,
    "place where training goes on": [JSON.stringify({ epoch, step })],
    "set of weights": await weights.read(),
  });
}

/** Throws where weights have come to differ: a processor or a library that computes otherwise, or weights that were set on some ranks alone. */
export async function expectSameWeights({ settings, weights }: DeviceModel, epoch: number): Promise<void> {
  await settings.backend.group?.expectSame({ [`set of weights after epoch ${epoch + 1}`]: await weights.read() });
}

/** After a loss that is not finite: copies of good weights are taken when there is time, which is not at the same step everywhere. */
export async function restoreSameWeights({ settings, weights }: DeviceModel): Promise<void> {
  const { group } = settings.backend;
  if (group !== undefined) {
    const same: Float32Array[] = [];
    for (const values of await weights.read()) {
      same.push(await group.broadcast(values));
    }
    weights.write(same);
  }
}
