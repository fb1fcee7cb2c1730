import type { KernelTable } from "@convoy/core/backend";
import { biasAdd } from "./biasAdd.js";
import type { Kernel } from "./kernel.js";

/**
 * This device's kernels by op. An op that is not here runs on the host (run/hostFallback.ts): write its kernel, add it here,
 * and let the conformance kit tell whether it is right. A fused op that is here is used at once. When all are here, the
 * fallback goes.
 */
export const kernels: KernelTable<Kernel<never>> = {
  biasAdd,
};
