import type { LabelledImages } from "@convoy/core/datasets";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { Sequential } from "@tensorflow/tfjs-layers";
import { nothingMeasured } from "../report/result.js";
import { type Evaluation, timedEvaluations } from "../training/measureBackend.js";
import type { StepFigures } from "../training/trainingClock.js";
import { countOf, firstImages } from "../training/workload.js";
import type { PeerResult, PeerWorkload } from "./peer.js";
import { type Portion, stepFigures } from "./stepFigures.js";
import { buildTfjsModel, type Tfjs } from "./tfjsLibrary.js";

/** Images in [0, 1] and labels as TensorFlow.js' loss wants them: float. */
function tensors({ core }: Tfjs, { images, labels }: LabelledImages): { x: Tensor; y: Tensor } {
  const scale = images.scale ?? 1;
  const data = Float32Array.from(images.data, (value) => value * scale);
  return {
    x: core.tensor(data, [...images.shape], "float32"),
    y: core.tensor(Float32Array.from(labels.data), [...labels.shape], "float32"),
  };
}

/** Trains over the samples in their order, `batchSize` at a time. Rejects with TensorFlow.js' own error. */
export async function trainTfjs(
  tfjs: Tfjs,
  model: Sequential,
  train: LabelledImages,
  batchSize: number,
): Promise<StepFigures> {
  const count = countOf(train);
  const all = tensors(tfjs, train);
  const losses: number[] = [];
  const durationsMs: number[] = [];
  try {
    for (let first = 0; first + batchSize <= count; first += batchSize) {
      const start = performance.now();
      const x = tfjs.core.slice(all.x, [first, 0, 0, 0], [batchSize, -1, -1, -1]);
      const y = tfjs.core.slice(all.y, [first], [batchSize]);
      const [loss] = (await model.trainOnBatch(x, y)) as number[];
      losses.push(loss as number);
      durationsMs.push(performance.now() - start);
      tfjs.core.dispose([x, y]);
    }
  } finally {
    tfjs.core.dispose([all.x, all.y]);
  }
  return stepFigures(losses, durationsMs, batchSize);
}

/** Evaluates the first `samples` test images. */
export async function evaluateTfjs(
  tfjs: Tfjs,
  model: Sequential,
  test: LabelledImages,
  samples: number,
  batchSize: number,
): ReturnType<typeof timedEvaluations> {
  // What compiles does so at the first evaluation of a batch, which is not part of the figure.
  await evaluateOnce(tfjs, model, firstImages(test, Math.min(samples, batchSize)), batchSize);
  const part = firstImages(test, samples);
  return timedEvaluations(() => evaluateOnce(tfjs, model, part, batchSize));
}

async function evaluateOnce(
  tfjs: Tfjs,
  model: Sequential,
  images: LabelledImages,
  batchSize: number,
): Promise<Evaluation> {
  const { x, y } = tensors(tfjs, images);
  try {
    const start = performance.now();
    const results = model.evaluate(x, y, { batchSize }) as Tensor[];
    const accuracy = (await (results[1] as Tensor).data())[0] as number;
    const durationMs = performance.now() - start;
    tfjs.core.dispose(results);
    return { accuracy, usPerSample: (durationMs * 1000) / countOf(images) };
  } finally {
    tfjs.core.dispose([x, y]);
  }
}

/** Trains a number of steps and evaluates some images. The accuracy is left out: after few steps it would say nothing. */
export async function measurePortion(
  tfjs: Tfjs,
  workload: PeerWorkload,
  device: string,
  { batchSize, steps, testSamples }: Portion,
): Promise<PeerResult> {
  const train = firstImages(workload.train, Math.min(steps * batchSize, countOf(workload.train)));
  const model = buildTfjsModel(tfjs, workload);
  try {
    const training = await trainTfjs(tfjs, model, train, batchSize);
    const evaluation = await evaluateTfjs(tfjs, model, workload.test, testSamples, batchSize);
    const done = { epochs: 1, batchSize, trainSamples: countOf(train), testAccuracy: null };
    return { ...nothingMeasured, device, ...training, ...evaluation, ...done };
  } finally {
    model.dispose();
  }
}
