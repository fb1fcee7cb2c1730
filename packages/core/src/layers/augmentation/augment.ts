import type { Backend } from "../../backend/index.js";
import { checkOptions, expectCount, expectSeed } from "../../checkOption.js";
import { formatShape, ShapeError } from "../../errors.js";
import type { Tensor } from "../../tensor.js";
import { type TensorInput, toTensor } from "../../tensorInput.js";
import type { Layer } from "../layer.js";
import { LayersAlone } from "./layersAlone.js";
import { toLabels } from "./mixedLabels.js";

/** Settings of `augment`. */
export interface AugmentOptions {
  /** An integer from 0 to 2^53 - 1; default 0. */
  readonly seed?: number;
  /**
   * Labels [N,...] of the images, which `mixUp` and `cutMix` mix along: the result is [images, labels] then. One integer an image
   * (of an `Int32Array`, a `Uint8Array`, or a plain array with some above 1) is a class number, which cannot be mixed.
   */
  readonly labels?: TensorInput | undefined;
  /** The training step whose numbers are drawn; default 0. */
  readonly iteration?: number;
  /** What it runs on; default: the reference backend, in JavaScript. */
  readonly backend?: Backend;
}

/**
 * Runs layers that augment images alone, as they do in training: what a model with these layers at its beginning trains on at step
 * `iteration` of a `fit` with this seed, where the images are a whole batch. Drawn numbers are the same on every backend.
 *
 * ```ts
 * const changed = await augment(images, [layers.randomFlip(), layers.randomRotation({ factor: 0.05 })], { seed: 1 });
 * ```
 *
 * @param images [N,H,W,C]; bytes with a scale, too. The result is [N,...], float32
 * @param augmentation one layer or several in a row, which have no weights that are trained
 * @throws ShapeError where they do not fit the images, ArgumentError for other layers and for class numbers that would be mixed
 */
export async function augment(
  images: TensorInput,
  augmentation: Layer | readonly Layer[],
  options: AugmentOptions & { readonly labels: TensorInput },
): Promise<[images: Tensor<Float32Array>, labels: Tensor]>;
export async function augment(
  images: TensorInput,
  augmentation: Layer | readonly Layer[],
  options?: AugmentOptions & { readonly labels?: undefined },
): Promise<Tensor<Float32Array>>;
export async function augment(
  images: TensorInput,
  augmentation: Layer | readonly Layer[],
  options: AugmentOptions = {},
): Promise<Tensor<Float32Array> | [Tensor<Float32Array>, Tensor]> {
  const {
    labels,
    backend,
    iteration = 0,
    seed = 0,
  } = checkOptions("augment", options, [...(["seed", "labels", "iteration", "backend"] as const)]);
  expectCount("augment: iteration", iteration, 0);
  const x = toTensor("augment: images", images);
  const y = labels === undefined ? undefined : toLabels("augment: labels", labels);
  if (y !== undefined && y.shape[0] !== x.shape[0]) {
    throw new ShapeError(
      `augment: labels ${formatShape(y.shape)} are not as many as the images ${formatShape(x.shape)}`,
    );
  }
  const own = backend === undefined ? await referenceBackend() : undefined;
  const alone = new LayersAlone([augmentation].flat(), async () => backend ?? own!);
  try {
    const changed = await alone.run({ x, y }, expectSeed("augment: seed", seed), iteration);
    return changed.y === undefined ? changed.x : [changed.x, changed.y];
  } finally {
    alone.dispose();
    await own?.dispose();
  }
}

/** The reference backend, loaded when it is wanted: most programs never do. */
export async function referenceBackend(): Promise<Backend> {
  const { reference } = await import("../../reference/index.js");
  return await reference();
}
