import { BackendUnavailableError, type LauncherKind } from "@convoy/core/backend";
import type koffi from "koffi";

/** koffi's functions. */
export type Koffi = typeof koffi;

/** A shared library that koffi has loaded. */
export type NativeLibrary = ReturnType<Koffi["load"]>;

/** What to install, in every message of a missing library. */
export const installHint: string =
  "Install one: apt-get install openmpi-bin libopenmpi3 (Debian, Ubuntu), dnf install openmpi (Fedora), brew install open-mpi, " +
  "or module load openmpi on a cluster";

const openMpiNames = ["libmpi.so.40", "libmpi.so"];
const mpichNames = ["libmpich.so.12", "libmpi.so.12", "libmpi_cray.so.12"];
const abiNames = ["libmpi_abi.so.1", "libmpi_abi.so.0", "libmpi_abi.so"];

/**
 * Libraries to try, in order: the ABI of MPI 5 first, then that of the launcher, as two may be installed beside each other and
 * each understands only its own launcher.
 */
export function libraryNames(platform: NodeJS.Platform, launcher: LauncherKind): readonly string[] {
  if (platform === "darwin") {
    const homebrew = ["/opt/homebrew/lib", "/usr/local/lib"];
    return ["libmpi_abi.dylib", "libmpi.dylib", ...homebrew.map((folder) => `${folder}/libmpi.dylib`)];
  }
  const byLauncher = launcher === "hydra" ? [...mpichNames, ...openMpiNames] : [...openMpiNames, ...mpichNames];
  return [...abiNames, ...byLauncher];
}

/**
 * What UCX, the transport of MPICH and often of Open MPI, must not do in a process of Node: take over malloc and the signals of faults.
 */
const transportSettings = { UCX_MEM_EVENTS: "n", UCX_ERROR_SIGNALS: "" } as const;

/** koffi, which calls native libraries. Throws `BackendUnavailableError` where it cannot be loaded. */
export async function loadKoffi(): Promise<Koffi> {
  try {
    return (await import("koffi")).default;
  } catch (cause) {
    throw new BackendUnavailableError(
      `distributed: the package koffi cannot be loaded on ${process.platform} ${process.arch} with Node ${process.version} ` +
        `(${messageOf(cause)}). Reinstall with npm, optional dependencies included`,
      { cause },
    );
  }
}

/**
 * Loads the MPI library: the one asked for, else the one that CONVOY_MPI_LIBRARY names, else the launcher's. Its symbols are
 * global, as Open MPI's own plug-ins look for them there. Throws `BackendUnavailableError` with what was tried.
 */
export function loadLibrary(
  koffi: Koffi,
  launcher: LauncherKind,
  asked?: string,
): { library: NativeLibrary; path: string } {
  for (const [name, value] of Object.entries(transportSettings)) {
    process.env[name] ??= value;
  }
  const override = asked ?? process.env.CONVOY_MPI_LIBRARY;
  const names = override ? [override] : libraryNames(process.platform, launcher);
  let cause: unknown;
  for (const path of names) {
    try {
      return { library: koffi.load(path, { global: true }), path };
    } catch (error) {
      cause = error;
    }
  }
  if (override) {
    throw new BackendUnavailableError(
      `distributed: the MPI library ${override} cannot be loaded (${messageOf(cause)}). ` +
        (asked ? "Correct the option `library`" : "Correct or unset CONVOY_MPI_LIBRARY"),
      { cause },
    );
  }
  throw new BackendUnavailableError(
    `distributed: no MPI library (tried ${names.join(", ")}). ${installHint}; or name it in CONVOY_MPI_LIBRARY`,
    { cause },
  );
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
