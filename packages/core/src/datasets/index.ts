export { type Cifar100Options, cifar10, cifar100 } from "./cifar.js";
export { parseIdx } from "./idx.js";
export type { LabelledImages } from "./labelledImages.js";
export type { DatasetOptions } from "./loading.js";
export { fashionMnist, type ImageDataset, kmnist, mnist } from "./mnist.js";
export { type SyntheticDigitsOptions, syntheticDigits } from "./syntheticDigits.js";
export { type Labels, toCategorical } from "./toCategorical.js";
export { type TensorsByName, type TrainTestSplitOptions, trainTestSplit } from "./trainTestSplit.js";
