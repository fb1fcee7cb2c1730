import { join } from "node:path";
import { BackendUnavailableError } from "@convoy/core/backend";
import type { Driver } from "../driver/driver.js";
import { results } from "../driver/results.js";
import { formatComputeCapability, formatDriverVersion, type ImageChoice, imageChoices } from "./chooseImage.js";
import { imageName, imageRemedy, packageFolder, readImage } from "./readImage.js";

/** A loaded image. */
export interface LoadedModule {
  readonly handle: number;
  /** "sm_90" or "ptx". */
  readonly image: string;
}

/**
 * Loads the best image that is there and that the driver takes; a clone has no machine code. Throws
 * `BackendUnavailableError` with what was tried, or for a damaged image. `folder` is that of the package.
 */
export function loadModule(
  driver: Driver,
  driverVersion: number,
  computeCapability: number,
  folder: string = packageFolder,
): LoadedModule {
  const tried: string[] = [];
  for (const choice of imageChoices(driverVersion, computeCapability)) {
    const image = readImage(choice, folder);
    if (image === undefined) {
      tried.push(`${join(folder, imageName(choice))} does not exist`);
      continue;
    }
    const handle = new BigUint64Array(1);
    const result = driver.result("cuModuleLoadData", handle, image);
    if (result === results.success) {
      return { handle: Number(handle[0]), image: nameOf(choice) };
    }
    tried.push(`${nameOf(choice)}: ${driver.describe(result)}`);
  }
  throw new BackendUnavailableError(
    `cuda: no kernel image for compute capability ${formatComputeCapability(computeCapability)} and a driver for CUDA ` +
      `${formatDriverVersion(driverVersion)} (${tried.join("; ")}). ${imageRemedy}`,
  );
}

function nameOf(choice: ImageChoice): string {
  return choice.kind === "ptx" ? "ptx" : `sm_${choice.architecture}`;
}
