import { UnsupportedOpError } from "../errors.js";
import { type KernelName, kernelNames } from "../ops/index.js";
import { type FusedName, fusedNames } from "../plan/fusedOps.js";
import type { OpInstance } from "../plan/plan.js";

/**
 * A backend's kernels by op. It may have gaps: an op that core gains has no kernel in a backend until somebody writes it, and
 * models that need it are refused there before anything runs.
 */
export type KernelTable<K> = { readonly [N in KernelName | FusedName]?: K };

/** The kernel of an op; undefined where the table has none. */
export function kernelFor<K>(kernels: KernelTable<K>, op: OpInstance["op"]): K | undefined {
  return Object.hasOwn(kernels, op) ? kernels[op] : undefined;
}

/** What `supports` says to an op without kernel. */
export function noKernel(backend: string, op: string): string {
  return `the ${backend} backend has no kernel for "${op}"`;
}

/** The kernel of an op of a plan. Throws `UnsupportedOpError` where the table has none. */
export function requireKernel<K>(
  backend: string,
  kernels: KernelTable<K>,
  { op, label }: { readonly op: OpInstance["op"]; readonly label: string },
): K {
  const kernel = kernelFor(kernels, op);
  if (kernel === undefined) {
    const reason = noKernel(backend, op);
    throw new UnsupportedOpError(`${reason}${label && ` (${label})`}; use another backend or write the kernel`, {
      op,
      reason,
    });
  }
  return kernel;
}

/** The ops that a table has no kernel for: a backend's `unsupportedOps`. */
export function missingKernels(kernels: KernelTable<unknown>): KernelName[] {
  return kernelNames.filter((name) => !Object.hasOwn(kernels, name));
}

/** The fused ops that a table has: a backend's `fusions`. */
export function fusedKernels(kernels: KernelTable<unknown>): FusedName[] {
  return fusedNames.filter((name) => Object.hasOwn(kernels, name));
}
