import type { LabelledImages } from "@convoy/core/datasets";
import type { StepLibrary, TimedEvaluation, TimedSteps } from "../participants/stepParticipant.js";
import type { Jax, JaxArray } from "./jaxLibrary.js";
import { firstParams, lossAndHits, type Params } from "./jaxNetwork.js";
import { firstState, type JaxData, jaxTraining } from "./jaxTraining.js";
import { batchOf, type PeerWorkload } from "./peer.js";

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

/** The network in jax-js on its default device, ready to take part. */
export function jaxRuns(jax: Jax, workload: PeerWorkload, device: string): StepLibrary {
  const { numpy: np, tree } = jax;
  const { weights, train, test } = workload;
  const batchSize = batchOf(workload);
  const training = jaxTraining(jax);
  const data = upload(jax, train);
  let state = firstState(jax, firstParams(jax, weights));
  let stepsDone = 0;
  let testData: JaxData | undefined;
  const classify = jax.jit((params: Params, images: JaxArray, labels: JaxArray, numbers: JaxArray) =>
    lossAndHits(jax, params, images.slice(numbers.ref), labels.slice(numbers)),
  );

  const hitsOf = async (first: number, count: number): Promise<number> => {
    const { images, labels } = testData as JaxData;
    const results = classify(tree.ref(state[0]), images.ref, labels.ref, np.array(numbersFrom(first, count)));
    const [, hits] = await Promise.all(results.map((result) => result.data()));
    return (hits as ArrayLike<number>)[0] as number;
  };

  return {
    device,

    async trainSteps(first, steps): Promise<TimedSteps> {
      const began = performance.now();
      const arrivals: Promise<{ loss: number; at: number }>[] = [];
      for (let step = 0; step < steps; step++) {
        stepsDone++;
        const [loss, next] = training.run(state, data, numbersFrom(first + step * batchSize, batchSize), stepsDone);
        state = next;
        const arrival = loss.data().then((values) => ({ loss: values[0] as number, at: performance.now() }));
        arrival.catch(() => undefined); // Nobody waits for it any more once one before it has failed.
        arrivals.push(arrival);
        // The device has the next step before the loss of this one is waited for, so that it is not idle.
        await arrivals[Math.max(0, step - 1)];
      }
      const arrived = await Promise.all(arrivals);
      return {
        losses: arrived.map(({ loss }) => loss),
        durationsMs: arrived.map(({ at }, step) => at - (arrived[step - 1]?.at ?? began)),
      };
    },

    async evaluate(samples): Promise<TimedEvaluation> {
      testData ??= upload(jax, test);
      const batches = Array.from({ length: Math.ceil(samples / batchSize) }, (_, batch) => batch * batchSize);
      const start = performance.now();
      const hits = await Promise.all(batches.map((first) => hitsOf(first, Math.min(batchSize, samples - first))));
      return { hits: hits.reduce((total, some) => total + some, 0), durationMs: performance.now() - start };
    },

    async dispose() {
      const [params, moments] = state;
      const more = testData === undefined ? [] : [testData.images, testData.labels];
      tree.dispose([...params, ...moments.flat(), data.images, data.labels, ...more]);
      training.dispose();
      classify.dispose();
    },
  };
}
