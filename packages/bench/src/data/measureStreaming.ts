import { applications, type Backend, type Sequential } from "@convoy/core";
import { type Dataset, dataset, syntheticDigits } from "@convoy/core/datasets";

/** How data reach the device, and what a training step takes then. */
export interface StreamingResult {
  readonly how: string;
  /** Milliseconds a step, median over the rounds. */
  readonly stepMs: number;
  /** Median over the rounds of the step against that over arrays on the device, of the same round. */
  readonly ratio: number;
}

/** How much is measured. */
export interface StreamingRequest {
  /** Steps of an epoch. */
  readonly steps: number;
  /** Epochs of each way, in turns; one more goes before, which is not counted. */
  readonly rounds: number;
  readonly batchSize: number;
}

/** Steps of `simple` over digits that are on the device whole, and over the same that stream to it from memory. */
export async function measureStreaming(
  backend: Backend,
  { steps, rounds, batchSize }: StreamingRequest,
): Promise<StreamingResult[]> {
  const { images, labels } = syntheticDigits({ samples: steps * batchSize, seed: 1 });
  const pairs = dataset([images, labels]);
  const made: unknown[] = [];
  for await (const batch of pairs.batch(batchSize)) {
    made.push(batch);
  }
  const streamed = (data: Dataset<unknown>) => (model: Sequential) =>
    model.fit(data, { verbose: 0, maxDeviceBytes: 1 });
  const ways: Readonly<Record<string, (model: Sequential) => Promise<unknown>>> = {
    "arrays, on the device": (model) => model.fit(images, labels, { batchSize, verbose: 0, shuffle: false }),
    "arrays, streamed": streamed(pairs.batch(batchSize)),
    "arrays, shuffled, streamed": streamed(pairs.shuffle(steps * batchSize, { seed: 1 }).batch(batchSize)),
    "batches in memory, streamed": streamed(dataset(() => made)),
  };
  const models = Object.values(ways).map(() => {
    const model = applications.simple({ seed: 0 });
    model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    return model;
  });
  const times = models.map((): number[] => []);
  for (let round = 0; round <= rounds; round++) {
    for (const [index, run] of Object.values(ways).entries()) {
      const start = performance.now();
      await run(models[index]!);
      if (round > 0) {
        times[index]!.push((performance.now() - start) / steps);
      }
    }
  }
  for (const model of models) {
    model.dispose();
  }
  return Object.keys(ways).map((how, index) => ({
    how,
    stepMs: median(times[index]!),
    ratio: median(times[index]!.map((time, round) => time / times[0]![round]!)),
  }));
}

/** The middle one of some numbers. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = (sorted.length - 1) / 2;
  return (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
}
