import { BackendUnavailableError } from "@convoy/core/backend";
import type koffi from "koffi";

/** koffi's functions. */
export type Koffi = typeof koffi;

/** A shared library that koffi has loaded. */
export type NativeLibrary = ReturnType<Koffi["load"]>;

/** Where the NVIDIA driver's library is looked for, by platform: by name first, then where containers put it. */
export function libraryNames(platform: NodeJS.Platform): readonly string[] {
  if (platform === "win32") {
    return ["nvcuda.dll"];
  }
  return [
    "libcuda.so.1",
    "/usr/lib/wsl/lib/libcuda.so.1",
    "/usr/local/nvidia/lib64/libcuda.so.1",
    "/usr/local/nvidia/lib/libcuda.so.1",
  ];
}

/** koffi, which calls native libraries. Throws `BackendUnavailableError` where it cannot be loaded. */
export async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import("koffi")).default;
  } catch (cause) {
    throw new BackendUnavailableError(
      `cuda: the package koffi cannot be loaded on ${process.platform} ${process.arch} with Node ${process.version} ` +
        `(${messageOf(cause)}). Reinstall with npm, optional dependencies included`,
      { cause },
    );
  }
}

/**
 * Loads the driver library: the one asked for, else the one that CUDA_DRIVER_LIBRARY names, else the platform's.
 * Throws `BackendUnavailableError` with what was tried.
 */
export function loadLibrary(koffi: Koffi, asked?: string): { library: NativeLibrary; path: string } {
  const override = asked ?? process.env.CUDA_DRIVER_LIBRARY;
  const names = override ? [override] : libraryNames(process.platform);
  let cause: unknown;
  for (const path of names) {
    try {
      return { library: koffi.load(path), path };
    } catch (error) {
      cause ??= error;
    }
  }
  if (override) {
    throw new BackendUnavailableError(
      `cuda: the driver library ${override} cannot be loaded (${messageOf(cause)}). ` +
        (asked ? "Correct the option `library`" : "Correct or unset CUDA_DRIVER_LIBRARY"),
      { cause },
    );
  }
  throw new BackendUnavailableError(
    `cuda: no NVIDIA driver (${names[0]} not found). Install the driver (no CUDA toolkit is needed), ` +
      "or name its library in CUDA_DRIVER_LIBRARY",
    { cause },
  );
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
