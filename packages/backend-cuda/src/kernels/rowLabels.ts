import type { StructValues } from "./arguments/pack.js";
import type { DeviceTensor } from "./opKernel.js";

/** Class numbers or targets, by the element type. */
export function rowLabels(labels: DeviceTensor): StructValues<"Labels"> {
  return labels.dtype === "int32" ? { classes: labels, targets: undefined } : { classes: undefined, targets: labels };
}
