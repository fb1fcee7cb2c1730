import { reference } from "@convoy/core/reference";
import { buildModel, countOf, firstImages, type Workload } from "./workload.js";

/** Most steps of the reference that the first losses are compared with, */
const maxSteps = 5;
/** and what they may take: the reference computes about 3.5 GFLOP a second. */
const maxFlops = 7e9;

/**
 * The losses of the reference's first steps, which every backend must have as well; as many as take about two seconds, at least
 * one unless a single step would take much longer.
 */
export async function referenceLosses(workload: Workload): Promise<number[]> {
  const { train, batchSize, seed } = workload;
  const backend = await reference();
  const model = buildModel(workload);
  try {
    model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy" });
    const plan = model.plan({ batchSize: Math.min(batchSize, countOf(train)), print: () => undefined });
    const flops = plan.ops.reduce((sum, op) => sum + op.flops, 0);
    const steps = Math.min(maxSteps, Math.max(Math.floor(maxFlops / flops), flops < 4 * maxFlops ? 1 : 0));
    const losses: number[] = [];
    if (steps > 0) {
      const { images, labels } = firstImages(train, steps * batchSize);
      const callbacks = [
        { onProgress: ({ stepLosses }: { readonly stepLosses: readonly number[] }) => void losses.push(...stepLosses) },
      ];
      await model.fit(images, labels, { batchSize, seed, shuffle: false, verbose: 0, callbacks });
    }
    return losses;
  } finally {
    model.dispose();
    await backend.dispose();
  }
}
