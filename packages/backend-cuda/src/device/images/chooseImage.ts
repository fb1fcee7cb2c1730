/** Which image of the kernels a device gets. */
export type ImageChoice =
  /** Machine code for compute capability `architecture` (80 is 8.0). */
  | { readonly kind: "cubin"; readonly architecture: number }
  /** Assembly that the driver compiles once and keeps in its cache. */
  | { readonly kind: "ptx" };

/** Architectures that `npm run build:kernels` makes machine code for. */
export const cubinArchitectures = [80, 86, 89, 90, 100, 120] as const;

/** The driver of the toolkit that made the machine code: older ones refuse it. */
export const cubinDriverVersion = 13000;

/** The oldest driver that has every function used here; it reads the assembly as well. */
export const minDriverVersion = 11040;

/** The least compute capability: the assembly uses tf32 tensor cores. */
export const minComputeCapability = 80;

/** Images from best to worst. Machine code runs on its own architecture and on later minor versions of the same major one. */
export function imageChoices(driverVersion: number, computeCapability: number): ImageChoice[] {
  const major = Math.floor(computeCapability / 10);
  const fitting = cubinArchitectures.filter(
    (architecture) => Math.floor(architecture / 10) === major && architecture <= computeCapability,
  );
  const best = fitting[fitting.length - 1];
  const cubins = driverVersion >= cubinDriverVersion && best !== undefined ? [best] : [];
  return [...cubins.map((architecture) => ({ kind: "cubin", architecture }) as const), { kind: "ptx" }];
}

/** `12.2` out of CUDA's number 12020. */
export function formatDriverVersion(version: number): string {
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

/** `8.6` out of 86. */
export function formatComputeCapability(capability: number): string {
  return `${Math.floor(capability / 10)}.${capability % 10}`;
}
