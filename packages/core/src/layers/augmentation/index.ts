export {
  type RandomBrightnessOptions,
  type RandomContrastOptions,
  type RandomHueOptions,
  type RandomInvertOptions,
  type RandomSaturationOptions,
  randomBrightness,
  randomContrast,
  randomHue,
  randomInvert,
  randomSaturation,
  type ValueRangeOptions,
} from "./colors.js";
export { type CutMixOptions, cutMix, type MixUpOptions, mixUp } from "./mixing.js";
export {
  type RandomFlipOptions,
  type RandomRotationOptions,
  type RandomShearOptions,
  type RandomTranslationOptions,
  type RandomZoomOptions,
  randomFlip,
  randomRotation,
  randomShear,
  randomTranslation,
  randomZoom,
} from "./moving.js";
export { type RandomCropOptions, randomCrop } from "./randomCrop.js";
export type { Factor, SamplingOptions } from "./ranges.js";
export {
  type RandomErasingOptions,
  type RandomGaussianBlurOptions,
  randomErasing,
  randomGaussianBlur,
  randomGaussianBlur as gaussianBlur,
} from "./regions.js";
