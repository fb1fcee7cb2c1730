/** Folders of PNG, JPEG and WebP images as data sets. */

export type { DecoderName } from "./decodeNode.js";
export {
  type ImageBatch,
  type ImageDataset,
  type ImageDatasetOptions,
  imageDatasetFromDirectory,
} from "./imageDatasetFromDirectory.js";
export type { ImageDirectory } from "./imageFiles.js";
export type { LabelSource } from "./labelledFiles.js";
export type { ColorMode, Interpolation } from "./resize.js";
