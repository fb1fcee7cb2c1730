import type { KernelName, OpAttributes } from "@convoy/core/backend";
import type { Kernel } from "../kernel.js";
import { biasAdd } from "./biasAdd.js";

/**
 * This device's kernels by op. An op that is not here runs on the host (hostFallback.ts): write its kernel, add it here, and
 * let the conformance kit tell whether it is right. When all are here, the fallback goes.
 */
export const kernels: { readonly [N in KernelName]?: Kernel<OpAttributes[N]> } = {
  biasAdd,
};
