/** CUresult values that the backend tells apart; the names are those of the CUDA driver API. */
export const results = {
  success: 0,
  outOfMemory: 2,
  noDevice: 100,
  invalidDevice: 101,
  noBinaryForGpu: 209,
  unsupportedPtxVersion: 222,
  notFound: 500,
  notReady: 600,
  systemDriverMismatch: 803,
} as const;

/** What can be done about a result, where there is something. */
const remedies: ReadonlyMap<number, string> = new Map([
  [1, "this is a defect of Convoy's CUDA backend; please report it"],
  [2, "use a smaller batch, model or data set, or free memory that other programs hold (nvidia-smi lists them)"],
  [3, "the driver was shut down; make a new backend"],
  [34, "the library is the toolkit's stub, not a driver; remove its folder from LD_LIBRARY_PATH"],
  [46, "another program uses the device exclusively; stop it or choose another device"],
  [100, "check that nvidia-smi lists a device and that CUDA_VISIBLE_DEVICES does not hide it"],
  [101, "choose one of the devices that nvidia-smi lists"],
  [200, "the kernel image is damaged; reinstall @convoy/backend-cuda"],
  [209, "the kernel image does not fit this device; update @convoy/backend-cuda"],
  [214, "the device's memory is failing (an uncorrectable ECC error); see nvidia-smi -q"],
  [222, "the driver is too old for the kernel image; install a newer NVIDIA driver"],
  [
    700,
    "a kernel used memory outside its buffers (cuda({ debug: true }) names its op); this is a defect of Convoy's CUDA backend, please report it",
  ],
  [701, "the device has fewer registers or threads than the kernel needs; please report it"],
  [702, "a kernel ran into the time limit of a device that drives a display; use a smaller batch"],
  [715, "a kernel met an instruction that the device does not have; please report it"],
  [
    719,
    "a kernel failed (cuda({ debug: true }) names its op); this is a defect of Convoy's CUDA backend, please report it",
  ],
  [
    803,
    "the driver library and the kernel module have different versions; restart the machine after the driver update",
  ],
  [804, "this device does not support the compatibility package of the driver; install the full driver"],
  [999, "restart the machine if it went to sleep since the driver was loaded; see dmesg"],
]);

/** `CUDA_ERROR_OUT_OF_MEMORY (2): use a smaller batch, ...` */
export function describeResult(name: string, result: number): string {
  const remedy = remedies.get(result);
  return `${name} (${result})${remedy === undefined ? "" : `: ${remedy}`}`;
}
