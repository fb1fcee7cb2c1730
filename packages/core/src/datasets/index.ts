export { crc32 } from "../crc32.js";
export * from "../pipeline/index.js";
export { type Cifar100Options, cifar10, cifar100 } from "./cifar.js";
export { type CsvLabels, type ReadLabelsCsvOptions, readLabelsCsv } from "./csv.js";
export type { ImageDataGeneratorOptions } from "./generatorOptions.js";
export { parseIdx } from "./idx.js";
export {
  type FlowOptions,
  ImageDataGenerator,
  imageDataGenerator,
} from "./imageDataGenerator.js";
export type { LabelledImages } from "./labelledImages.js";
export type { DatasetOptions } from "./loading.js";
export { fashionMnist, type ImageDataset, kmnist, mnist } from "./mnist.js";
export { parseNpy } from "./npy.js";
export { type DownloadableFile, type FoundPublishedFile, publishedFile } from "./publishedFile.js";
export { type ReadNpzOptions, readIdx, readNpy, readNpz } from "./readFiles.js";
export type { FileSource, ReadOptions } from "./readSource.js";
export { rowsOfFile } from "./rowsOfFile.js";
export { type SyntheticDigitsOptions, syntheticDigits } from "./syntheticDigits.js";
export { type Labels, toCategorical } from "./toCategorical.js";
export { type TensorsByName, type TrainTestSplitOptions, trainTestSplit } from "./trainTestSplit.js";
export { checkUnpacked, packedContent, type ZipEntry, type ZipError, zipEntries } from "./zipDirectory.js";
