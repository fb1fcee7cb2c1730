import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import koffi from "koffi";

/** The emulated driver: its library, or why there is none. */
export interface Emulator {
  readonly library: string | undefined;
  /** For the title of what is skipped. */
  readonly note: string;
}

const script = fileURLToPath(new URL("../../scripts/buildEmulator.mjs", import.meta.url));

/** Path of what the emulator's build gives, built now if it is not there; undefined where there is no g++. */
export function buildEmulator(...options: readonly string[]): string | undefined {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], { encoding: "utf8" });
  if (status !== 0 && status !== 2) {
    throw new Error(`the emulator cannot be built:\n${stderr}`);
  }
  return status === 0 ? stdout.trim() : undefined;
}

/** The emulator of the kernels: the library that CONVOY_CUDA_EMULATOR names (a sanitizer's), else a fresh one. */
export function findEmulator(): Emulator {
  const library = process.env.CONVOY_CUDA_EMULATOR || buildEmulator();
  if (library === undefined) {
    console.log("CUDA emulator: skipped, there is no g++ to build it with");
  }
  return { library, note: library === undefined ? " (skipped: no g++)" : "" };
}

/** What the emulated device pretends to be, and how it runs; names as in emulator/driverApi.h. */
export type Setting =
  | "devices"
  | "driverVersion"
  | "computeCapability"
  | "multiprocessors"
  | "memoryBytes"
  | "eventDelay"
  | "imageResult"
  | "failAfterKernels"
  | "launchResult"
  | "initResult"
  | "forkedWorkEarly"
  | "order"
  | "workers";

export type Settings = { readonly [S in Setting]?: number };

/** Sets what the emulator pretends. */
export function setEmulator(library: string, settings: Settings): void {
  const set = koffi.load(library).func("int convoyEmulatorSet(const char *, int64_t)");
  for (const [name, value] of Object.entries(settings)) {
    if (set(name, value) !== 0) {
      throw new Error(`the emulator has no setting ${name}`);
    }
  }
}

/** Numbers that the emulator has counted since its library was loaded. */
export function countsOf(library: string): { readonly reports: number; readonly graphLaunches: number } {
  const loaded = koffi.load(library);
  return {
    reports: loaded.func("int convoyEmulatorReports()")(),
    graphLaunches: loaded.func("int convoyEmulatorGraphLaunches()")(),
  };
}
