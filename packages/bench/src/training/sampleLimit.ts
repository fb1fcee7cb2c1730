import type { Backend } from "@convoy/core";

/** Training samples, of all epochs together, that take about two minutes on two cores. */
const referencePasses = 20_000;
const softwareGpuPasses = 8000;

/**
 * Training samples of an epoch for a device too slow for a whole data set, the reference or a GPU emulated on the processor,
 * so that training takes about two minutes. Undefined for any other.
 */
export function sampleLimit(
  { name, device }: Pick<Backend, "name" | "device">,
  epochs: number,
  batchSize: number,
): number | undefined {
  const passes =
    name === "reference" ? referencePasses : device.details.software === true ? softwareGpuPasses : undefined;
  return passes && Math.max(batchSize, Math.floor(passes / epochs));
}
