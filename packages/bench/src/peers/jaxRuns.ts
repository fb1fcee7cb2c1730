import type { LabelledImages } from "@convoy/core/datasets";
import { nothingMeasured } from "../report/result.js";
import { type Evaluation, timedEvaluations } from "../training/measureBackend.js";
import type { StepFigures } from "../training/trainingClock.js";
import { countOf, firstImages } from "../training/workload.js";
import type { Jax, JaxArray } from "./jaxLibrary.js";
import { firstParams, lossAndHits, type Params } from "./jaxNetwork.js";
import { firstState, type JaxData, jaxTraining } from "./jaxTraining.js";
import type { PeerResult, PeerWorkload } from "./peer.js";
import { type Portion, stepFigures } from "./stepFigures.js";

/** Images in [0, 1]. They have one channel, so that [N,H,W,C] is [N,C,H,W]. */
function upload({ numpy: np }: Jax, { images, labels }: LabelledImages): JaxData {
  const [samples, height, width, channels] = images.shape as [number, number, number, number];
  const scale = images.scale ?? 1;
  const pixels = Float32Array.from(images.data, (value) => value * scale);
  return {
    images: np.array(pixels, { shape: [samples, channels, height, width] }),
    labels: np.array(Int32Array.from(labels.data)),
  };
}

/** The numbers from `first` on. */
function numbersFrom(first: number, count: number): Int32Array<ArrayBuffer> {
  return Int32Array.from({ length: count }, (_, index) => first + index);
}

/** Trains over the samples in their order, `batchSize` at a time. Returns the trained weights too. */
async function trainJax(
  jax: Jax,
  weights: PeerWorkload["weights"],
  train: LabelledImages,
  batchSize: number,
): Promise<{ params: Params; figures: StepFigures }> {
  const data = upload(jax, train);
  const began = performance.now();
  const training = jaxTraining(jax);
  let state = firstState(jax, firstParams(jax, weights));
  const arrivals: Promise<{ loss: number; at: number }>[] = [];
  const steps = Math.floor(countOf(train) / batchSize);
  for (let step = 0; step < steps; step++) {
    const [loss, next] = training.run(state, data, numbersFrom(step * batchSize, batchSize), step + 1);
    state = next;
    const arrival = loss.data().then((values) => ({ loss: values[0] as number, at: performance.now() }));
    arrival.catch(() => undefined); // Nobody waits for it any more once one before it has failed.
    arrivals.push(arrival);
    // The device has the next step before the loss of this one is waited for, so that it is not idle. The first runs alone.
    await arrivals[Math.max(0, step - 1)];
  }
  const arrived = await Promise.all(arrivals);
  const [params, moments] = state;
  jax.tree.dispose([data.images, data.labels, ...moments.flat()]);
  training.dispose();
  const figures = stepFigures(
    arrived.map(({ loss }) => loss),
    arrived.map(({ at }, step) => at - (arrived[step - 1]?.at ?? began)),
    batchSize,
  );
  return { params, figures };
}

/** Evaluates the first `samples` test images. */
async function evaluateJax(
  jax: Jax,
  params: Params,
  test: LabelledImages,
  samples: number,
  batchSize: number,
): ReturnType<typeof timedEvaluations> {
  const { numpy: np, tree } = jax;
  const part = firstImages(test, samples);
  const count = countOf(part);
  const data = upload(jax, part);
  const compiled = jax.jit((weights: Params, images: JaxArray, labels: JaxArray, numbers: JaxArray) =>
    lossAndHits(jax, weights, images.slice(numbers.ref), labels.slice(numbers)),
  );
  const hitsOf = async (first: number): Promise<number> => {
    const numbers = np.array(numbersFrom(first, Math.min(batchSize, count - first)));
    const results = compiled(tree.ref(params), data.images.ref, data.labels.ref, numbers);
    const [, hits] = await Promise.all(results.map((result) => result.data()));
    return (hits as ArrayLike<number>)[0] as number;
  };
  const batches = Array.from({ length: Math.ceil(count / batchSize) }, (_, batch) => batch * batchSize);
  // Compiles, which is not part of the figure: batches of both sizes where the last one is smaller.
  await Promise.all(batches.slice(-2).map(hitsOf));
  const figures = await timedEvaluations(async (): Promise<Evaluation> => {
    const start = performance.now();
    const hits = await Promise.all(batches.map(hitsOf));
    const durationMs = performance.now() - start;
    return { accuracy: hits.reduce((sum, some) => sum + some, 0) / count, usPerSample: (durationMs * 1000) / count };
  });
  tree.dispose([data.images, data.labels]);
  compiled.dispose();
  return figures;
}

/** Trains a number of steps and evaluates some images. The accuracy is left out: after few steps it would say nothing. */
export async function measureJax(
  jax: Jax,
  { weights, train, test }: PeerWorkload,
  device: string,
  { batchSize, steps, testSamples }: Portion,
): Promise<PeerResult> {
  const portion = firstImages(train, Math.min(steps * batchSize, countOf(train)));
  const { params, figures } = await trainJax(jax, weights, portion, batchSize);
  const evaluation = await evaluateJax(jax, params, test, testSamples, batchSize);
  jax.tree.dispose(params);
  const done = { epochs: 1, batchSize, trainSamples: countOf(portion), testAccuracy: null };
  return { ...nothingMeasured, device, ...figures, ...evaluation, ...done };
}
