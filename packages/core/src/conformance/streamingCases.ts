import type { Backend } from "../backend/index.js";
import { dataset } from "../datasets/index.js";
import * as layers from "../layers/index.js";
import { type FitOptions, type Sequential, sequential } from "../model/index.js";
import { bytes, labels } from "../ops/caseInputs.js";
import type { Tensor } from "../tensor.js";
import { expectIdentical } from "./compare.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { caseStream, fillTensor } from "./fill.js";

/** Batches of two and one that is left over: more than a window holds, and images that begin at any byte. */
const rows = 131;
const batchSize = 2;
const imageShape = [5, 5, 1] as const;

const reason = "what a window holds must not change while steps run over it, nor reach them too late";

/** Samples that stream through two windows lead to the same bits as samples that are on the device whole. */
export function streamingCases(): ConformanceCase[] {
  return [
    {
      level: "step",
      op: "training",
      name: "training: a data set that streams, to the same bits as arrays",
      async run(backend) {
        const [images, classes] = samples();
        const whole = await used(backend, async (model) => {
          const { history } = await model.fit(images, classes, { ...quiet, batchSize, shuffle: false });
          return [...Object.values(history).map(numbers), await model.predict(first(images), { batchSize })];
        });
        const pairs = dataset([images, classes]).batch(batchSize);
        const streamed = await used(backend, async (model) => {
          const { history } = await model.fit(pairs, { ...quiet, maxDeviceBytes: 1 });
          const predicted = await model.predict(
            dataset([first(images)])
              .batch(batchSize)
              .map(([x]) => x),
          );
          return [...Object.values(history).map(numbers), predicted];
        });
        for (const [index, { data, shape }] of whole.entries()) {
          expectIdentical(`outcome ${index} of streaming`, streamed[index]!.data, data, shape, reason);
        }
      },
    },
  ];
}

const quiet: FitOptions = { epochs: 2, verbose: 0 };

/** What a model of its own gives, and the weights that it comes to. */
async function used(backend: Backend, use: (model: Sequential) => Promise<Tensor[]>): Promise<Tensor[]> {
  const model = sequential(
    [
      layers.conv2d({ filters: 3, kernelSize: 3, activation: "relu", inputShape: imageShape }),
      layers.flatten(),
      layers.dropout({ rate: 0.2 }),
      layers.dense({ units: 3, activation: "softmax" }),
    ],
    { seed: 11 },
  );
  model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  try {
    const outcome = await use(model);
    return [...outcome, ...(await model.getWeights())];
  } finally {
    model.dispose();
  }
}

function samples(): [Tensor, Tensor] {
  const [images, classes] = [bytes([rows, ...imageShape]), labels([rows], 3)];
  return [
    { data: fillTensor(images, caseStream("streaming images", 0)), shape: images.shape, scale: 1 / 255 },
    { data: fillTensor(classes, caseStream("streaming labels", 0)), shape: classes.shape },
  ];
}

/** As many images as fill whole batches. */
function first(images: Tensor): Tensor {
  const count = rows - (rows % batchSize);
  const size = images.data.length / rows;
  return { ...images, data: images.data.subarray(0, count * size), shape: [count, ...imageShape] };
}

function numbers(values: readonly number[]): Tensor {
  return { data: Float64Array.from(values), shape: [values.length] };
}
