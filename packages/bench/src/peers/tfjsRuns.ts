import type { LabelledImages } from "@convoy/core/datasets";
import type { Tensor } from "@tensorflow/tfjs-core";
import type { StepLibrary, TimedEvaluation, TimedSteps } from "../participants/stepParticipant.js";
import { firstImages, imagesFrom } from "../training/workload.js";
import { batchOf, type PeerWorkload } from "./peer.js";
import type { Tfjs } from "./tfjsLibrary.js";
import { buildTfjsModel } from "./tfjsNetwork.js";

/** Images in [0, 1] and labels as TensorFlow.js' loss wants them: float. */
function tensors({ core }: Tfjs, { images, labels }: LabelledImages): { x: Tensor; y: Tensor } {
  const scale = images.scale ?? 1;
  const data = Float32Array.from(images.data, (value) => value * scale);
  return {
    x: core.tensor(data, [...images.shape], "float32"),
    y: core.tensor(Float32Array.from(labels.data), [...labels.shape], "float32"),
  };
}

/** The network in TensorFlow.js with a backend chosen, ready to take part. */
export function tfjsRuns(tfjs: Tfjs, workload: PeerWorkload, device: string): StepLibrary {
  const { core } = tfjs;
  const { train, test } = workload;
  const model = buildTfjsModel(tfjs, workload);
  const batchSize = batchOf(workload);
  return {
    device,

    async trainSteps(first, steps): Promise<TimedSteps> {
      const losses: number[] = [];
      const durationsMs: number[] = [];
      for (let step = 0; step < steps; step++) {
        const batch = imagesFrom(train, first + step * batchSize, batchSize);
        const start = performance.now();
        const { x, y } = tensors(tfjs, batch);
        try {
          const [loss] = (await model.trainOnBatch(x, y)) as number[];
          losses.push(loss as number);
          durationsMs.push(performance.now() - start);
        } finally {
          core.dispose([x, y]);
        }
      }
      return { losses, durationsMs };
    },

    async evaluate(samples): Promise<TimedEvaluation> {
      const { x, y } = tensors(tfjs, firstImages(test, samples));
      try {
        const start = performance.now();
        const results = model.evaluate(x, y, { batchSize }) as Tensor[];
        const accuracy = (await (results[1] as Tensor).data())[0] as number;
        const durationMs = performance.now() - start;
        core.dispose(results);
        return { hits: Math.round(accuracy * samples), durationMs };
      } finally {
        core.dispose([x, y]);
      }
    },

    async dispose() {
      model.dispose();
    },
  };
}
