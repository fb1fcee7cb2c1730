import { applications, type Backend, layers, type Sequential, sequential } from "@convoy/core";
import { dataset, syntheticDigits } from "@convoy/core/datasets";
import { measureSteps, type StepResult, type StepsRequest, type WayOfTraining } from "./measureSteps.js";

/** What augmentation adds to a step. */
export interface AugmentationResult extends StepResult {
  /** Microseconds a sample beyond the step without it. */
  readonly addedMicroseconds: number;
}

/** Rotation, zoom and shifts as Keras' tutorials have them: 10 degrees, a tenth, a tenth. */
const augmentation = (): layers.Layer[] => [
  layers.randomRotation({ factor: 10 / 360, fillMode: "nearest" }),
  layers.randomZoom({ heightFactor: 0.1, widthFactor: 0.1, fillMode: "nearest" }),
  layers.randomTranslation({ heightFactor: 0.1, widthFactor: 0.1, fillMode: "nearest" }),
];

/**
 * Steps of `simple` on digits as they are; behind layers that turn, zoom and shift them as part of the step; and on batches that
 * the same layers change in JavaScript before each step, as Keras' `ImageDataGenerator` does it in Python.
 */
export async function measureAugmentation(
  backend: Backend,
  { steps, rounds, batchSize }: StepsRequest,
): Promise<AugmentationResult[]> {
  const { images, labels } = syntheticDigits({ samples: steps * batchSize, seed: 1 });
  const fit = (model: Sequential): Promise<unknown> => model.fit(images, labels, { batchSize, verbose: 0 });
  const onHost = dataset([images, labels])
    .shuffle(steps * batchSize, { seed: 1 })
    .batch(batchSize)
    .map(augmentation(), { seed: 1 });
  const results = await measureSteps(
    {
      "without augmentation": { model: compiled(applications.simple({ seed: 0 }), backend), train: fit },
      "augmented in the step": {
        model: compiled(
          sequential([layers.input({ shape: [28, 28, 1] }), ...augmentation(), applications.simple({ seed: 0 })]),
          backend,
        ),
        train: fit,
      },
      "augmented in JavaScript": {
        model: compiled(applications.simple({ seed: 0 }), backend),
        train: (model) => model.fit(onHost, { verbose: 0, maxDeviceBytes: 1 }),
      },
    } satisfies Record<string, WayOfTraining>,
    { steps, rounds },
  );
  const without = results[0]!.stepMs;
  return results.map((result) => ({
    ...result,
    addedMicroseconds: ((result.stepMs - without) * 1e3) / batchSize,
  }));
}

function compiled(model: Sequential, backend: Backend): Sequential {
  model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return model;
}
