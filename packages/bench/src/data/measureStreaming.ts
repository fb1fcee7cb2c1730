import { applications, type Backend, type Sequential } from "@convoy/core";
import { type Dataset, dataset, syntheticDigits } from "@convoy/core/datasets";
import { measureSteps, type StepResult, type StepsRequest, type WayOfTraining } from "./measureSteps.js";

/** Steps of `simple` over digits that are on the device whole, and over the same that stream to it from memory. */
export async function measureStreaming(
  backend: Backend,
  { steps, rounds, batchSize }: StepsRequest,
): Promise<StepResult[]> {
  const { images, labels } = syntheticDigits({ samples: steps * batchSize, seed: 1 });
  const pairs = dataset([images, labels]);
  const made: unknown[] = [];
  for await (const batch of pairs.batch(batchSize)) {
    made.push(batch);
  }
  const way = (train: (model: Sequential) => Promise<unknown>): WayOfTraining => {
    const model = applications.simple({ seed: 0 });
    model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    return { model, train };
  };
  const streamed = (data: Dataset<unknown>): WayOfTraining =>
    way((model) => model.fit(data, { verbose: 0, maxDeviceBytes: 1 }));
  const ways = {
    "arrays, on the device": way((model) => model.fit(images, labels, { batchSize, verbose: 0, shuffle: false })),
    "arrays, streamed": streamed(pairs.batch(batchSize)),
    "arrays, shuffled, streamed": streamed(pairs.shuffle(steps * batchSize, { seed: 1 }).batch(batchSize)),
    "batches in memory, streamed": streamed(dataset(() => made)),
  };
  return await measureSteps(ways, { steps, rounds });
}
