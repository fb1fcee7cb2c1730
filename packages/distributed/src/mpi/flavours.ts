import type { NativeLibrary } from "./library.js";

/** A handle as a library takes it: the address of a symbol, or a number. */
export type Handle = number | bigint;

/** What differs between libraries that implement MPI: values of handles and of constants that stand for addresses. */
export interface Flavour {
  readonly name: "Open MPI" | "MPICH" | "MPI ABI";
  /** The C type of handles, for koffi. */
  readonly handleType: "uintptr_t" | "int";
  readonly commWorld: Handle;
  readonly byte: Handle;
  readonly float: Handle;
  readonly double: Handle;
  readonly sum: Handle;
  /** MPI_IN_PLACE, where an address is expected. */
  readonly inPlace: number;
  /** MPI_STATUS_IGNORE, where an address is expected. */
  readonly statusIgnore: number;
  /** MPI_THREAD_SERIALIZED: calls come from one thread alone, but a library's own threads may run beside it. */
  readonly threadSerialized: number;
}

/** Handles of MPICH and of what has its ABI since 2014: Intel MPI, MVAPICH, Cray MPICH (mpi.h of MPICH 4). */
const mpich: Flavour = {
  name: "MPICH",
  handleType: "int",
  commWorld: 0x44000000,
  byte: 0x4c00010d,
  float: 0x4c00040a,
  double: 0x4c00080b,
  sum: 0x58000003,
  inPlace: -1,
  statusIgnore: 1,
  threadSerialized: 2,
};

/**
 * The ABI that MPI 5.0 fixes for all libraries (MPI: A Message-Passing Interface Standard 5.0, chapter 20, and the mpi.h that the MPI Forum
 * publishes with it).
 */
const abi: Flavour = {
  name: "MPI ABI",
  handleType: "uintptr_t",
  commWorld: 0x101,
  byte: 0x247,
  float: 0x210,
  double: 0x214,
  sum: 0x21,
  inPlace: 1,
  statusIgnore: 0,
  threadSerialized: 2048,
};

/** Handles of Open MPI 4 and 5 are addresses of symbols that the library exports. */
function openMpi(symbol: (name: string) => bigint): Flavour {
  return {
    name: "Open MPI",
    handleType: "uintptr_t",
    commWorld: symbol("ompi_mpi_comm_world"),
    byte: symbol("ompi_mpi_byte"),
    float: symbol("ompi_mpi_float"),
    double: symbol("ompi_mpi_double"),
    sum: symbol("ompi_mpi_op_sum"),
    inPlace: 1,
    statusIgnore: 0,
    threadSerialized: 2,
  };
}

/**
 * Tells libraries apart: one named libmpi_abi by its name, Open MPI by the symbols of its handles, MPICH and its relatives by
 * what they say of themselves. Undefined for others.
 * @param versionText what MPI_Get_library_version says
 */
export function flavourOf(
  library: Pick<NativeLibrary, "symbol">,
  { path, versionText, addressOf }: FlavourSigns,
): Flavour | undefined {
  if (/mpi_abi/.test(path)) {
    return abi;
  }
  try {
    return openMpi((name) => addressOf(library.symbol(name)));
  } catch {
    return /MPICH|MVAPICH|Intel\(R\) MPI/i.test(versionText) ? mpich : undefined;
  }
}

/** What libraries are told apart by. */
export interface FlavourSigns {
  readonly path: string;
  readonly versionText: string;
  readonly addressOf: (symbol: unknown) => bigint;
}
