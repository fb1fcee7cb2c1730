import { ArgumentError, type Backend, detectLauncher } from "@convoy/core/backend";
import { CudaBackend } from "./backend.js";
import { CudaDevice } from "./device/device.js";
import type { Precision } from "./kernels/opKernel.js";

export type { Precision } from "./kernels/opKernel.js";

/** Settings of `cuda`. */
export interface CudaOptions {
  /**
   * Which device, as nvidia-smi numbers them (within CUDA_VISIBLE_DEVICES); default 0, or among processes that `mpirun` or `srun` has
   * started on this machine the number of this one.
   */
  readonly device?: number;
  /**
   * Arithmetic of convolutions and dense layers; default "float32". "tf32" rounds their operands to 10 bits of mantissa
   * and runs on the tensor cores, several times faster in large layers.
   */
  readonly precision?: Precision;
  /**
   * Default false. True validates each plan and runs the kernels of a step one by one, several times slower, so that the error
   * of one that fails names its op and layer.
   */
  readonly debug?: boolean;
  /** Path of the driver's library; default: what CUDA_DRIVER_LIBRARY names, else the platform's own. */
  readonly library?: string;
}

/**
 * A backend on an NVIDIA card. Nothing is needed beside the NVIDIA driver: no toolkit, no compiler. Throws
 * `BackendUnavailableError` where there is no driver or no device, or where either is too old.
 */
export async function cuda({
  device = detectLauncher(process.env).localRank,
  precision = "float32",
  debug = false,
  library,
}: CudaOptions = {}): Promise<Backend> {
  if (!Number.isInteger(device) || device < 0) {
    throw new ArgumentError(`cuda: device is ${device}, expected a number from 0`);
  }
  if (precision !== "float32" && precision !== "tf32") {
    throw new ArgumentError(`cuda: precision is "${precision}", expected "float32" or "tf32"`);
  }
  return new CudaBackend(await CudaDevice.open(device, library), { precision, debug });
}
