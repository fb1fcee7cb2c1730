import { augment } from "../layers/augmentation/augment.js";
import * as layers from "../layers/index.js";
import { bytes, oneHot } from "../ops/caseInputs.js";
import type { Shape } from "../ops/definition.js";
import type { Tolerance } from "../ops/opCase.js";
import type { Tensor } from "../tensor.js";
import { expectClose } from "./compare.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { caseStream, fillTensor } from "./fill.js";

/** Layers that augment batches of images whose values are from 0 to 1. */
interface Augmentation {
  readonly name: string;
  readonly images: Shape;
  layers(): readonly layers.Layer[];
}

const unit = { valueRange: [0, 1] } as const;

const augmentations: readonly Augmentation[] = [
  ...(["reflect", "wrap", "constant", "nearest"] as const).flatMap((fillMode) =>
    (["nearest", "bilinear"] as const).map(
      (interpolation): Augmentation => ({
        name: `turned, zoomed, shifted, sheared, flipped, ${fillMode} ${interpolation}`,
        images: [9, 12, 11, 3],
        layers: () => [
          layers.randomFlip(),
          layers.randomRotation({ factor: 0.2, fillMode, interpolation, fillValue: 0.5 }),
          layers.randomZoom({ heightFactor: 0.5, widthFactor: 0.4, fillMode, interpolation, fillValue: 0.5 }),
          layers.randomTranslation({ heightFactor: 0.3, widthFactor: 0.3, fillMode, interpolation, fillValue: 0.5 }),
          layers.randomShear({ xFactor: 0.3, yFactor: 0.1, fillMode, interpolation, fillValue: 0.5 }),
        ],
      }),
    ),
  ),
  {
    name: "flipped and cropped",
    images: [9, 12, 11, 1],
    layers: () => [layers.randomFlip({ mode: "horizontal" }), layers.randomCrop({ height: 8, width: 7 })],
  },
  {
    name: "in other colours",
    images: [9, 8, 7, 3],
    layers: () => [
      layers.randomBrightness({ factor: 0.3, ...unit }),
      layers.randomContrast({ factor: 0.5, ...unit }),
      layers.randomHue({ factor: 0.5, ...unit }),
      layers.randomSaturation({ factor: [0.2, 0.8], ...unit }),
      layers.randomInvert(unit),
    ],
  },
  {
    name: "erased, blurred",
    images: [9, 10, 9, 2],
    layers: () => [
      layers.randomErasing({ factor: 0.8, fillValue: 0.25, ...unit }),
      layers.randomGaussianBlur({ kernelSize: [3, 5], sigma: [0.5, 1.5], ...unit }),
      layers.randomErasing(unit),
    ],
  },
  { name: "mixed", images: [9, 8, 7, 3], layers: () => [layers.mixUp({ alpha: 1 }), layers.cutMix()] },
];

const tolerance: Tolerance = {
  relative: 1e-5,
  absolute: 1e-5,
  why: "drawn numbers are equal; pixels are within 1e-5 of their range",
};

/** Layers that augment, alone, give what they give on the reference backend. */
export function augmentationCases(): ConformanceCase[] {
  return augmentations.map(({ name, images, layers: make }) => ({
    level: "step",
    op: "training",
    name: `augmentation: the same batches as on the reference, ${name}`,
    async run(backend) {
      const x: Tensor = { data: fillTensor(bytes(images), caseStream(name, 0)), shape: images, scale: 1 / 255 };
      const labels: Tensor = { data: fillTensor(oneHot([images[0]!, 4]), caseStream(name, 1)), shape: [images[0]!, 4] };
      for (const iteration of [0, 5]) {
        const options = { seed: 3, iteration, labels };
        const [pixels, mixed] = await augment(x, make(), { ...options, backend });
        const [expectedPixels, expectedMixed] = await augment(x, make(), options);
        expectClose("images", pixels.data, expectedPixels.data, expectedPixels.shape, tolerance);
        expectClose("labels", mixed.data, expectedMixed.data, expectedMixed.shape, tolerance);
      }
    },
  }));
}
