/**
 * Every kernel of `assembly/` and its arguments, in the order in which they stand in a program. These tables are the one source:
 * the classes in `assembly/generated/args.ts` and the dispatch in `assembly/generated/dispatch.ts` are generated from them
 * (`npm run generate`), and encoders are typed by them.
 *
 * The outer names are the files of `assembly/`, the inner ones the kernels that a file exports: the op's own name where an op
 * is one kernel. `extends` names a shared layout that an entry begins with. An "address" is in bytes, and 0 where there is no
 * such tensor. Most kernels cut their work into tasks of `block` elements, rows, columns or panels.
 */

import { augmentationKernels } from "./augmentation.js";
import { lossKernels } from "./losses.js";
import { normalizationKernels } from "./normalization.js";
import { tensorKernels } from "./tensors.js";
import { trainingKernels } from "./training.js";
import { windowKernels } from "./windows.js";

export { sharedLayouts } from "./shared.js";

/** The kernels by the file of `assembly/` that exports them. */
export const kernelFiles: typeof tensorKernels &
  typeof trainingKernels &
  typeof normalizationKernels &
  typeof lossKernels &
  typeof windowKernels &
  typeof augmentationKernels = {
  ...tensorKernels,
  ...trainingKernels,
  ...normalizationKernels,
  ...lossKernels,
  ...windowKernels,
  ...augmentationKernels,
};
