import { BackendUnavailableError, DeviceError, type ProcessGroup } from "@convoy/core/backend";
import { type Koffi, loadKoffi, type NativeLibrary } from "../driver/library.js";

/** NCCL_UNIQUE_ID_BYTES */
const idBytes = 128;
/** ncclFloat32 and ncclSum. */
const [float32, sum] = [7, 0];

type NativeFunction = (...values: unknown[]) => number;

/** The functions of NCCL that are used (nccl.h 2.x). */
const signatures = {
  ncclGetUniqueId: ["void *"],
  ncclCommInitRank: ["void *", "int", "ncclUniqueId", "int"],
  ncclAllReduce: ["uint64", "uint64", "size_t", "int", "int", "uint64", "uint64"],
  ncclCommGetAsyncError: ["uint64", "void *"],
  ncclCommDestroy: ["uint64"],
  ncclCommAbort: ["uint64"],
} as const;

type FunctionName = keyof typeof signatures;

/** The cards of a group, one for each process, joined by NVIDIA's NCCL. */
export class Communicator {
  readonly #functions: Readonly<Record<FunctionName, NativeFunction>>;
  readonly #describe: (result: number) => string;
  readonly #handle: bigint;
  readonly #rank: number;

  private constructor(library: LoadedNccl, handle: bigint, rank: number) {
    this.#functions = library.functions;
    this.#describe = library.describe;
    this.#handle = handle;
    this.#rank = rank;
  }

  /**
   * Joins the cards of all processes; the context of this one's is current. All call it. Undefined, everywhere, where some process has no
   * NCCL.
   */
  static async join(group: ProcessGroup): Promise<Communicator | undefined> {
    const library = await loadNccl();
    const [having] = await group.sum(Float64Array.of(library === undefined ? 0 : 1));
    if (library === undefined || having! < group.size) {
      return undefined;
    }
    const id = new Uint8Array(idBytes);
    if (group.rank === 0) {
      check(library, "making an id for the group", library.functions.ncclGetUniqueId(id));
    }
    // The id of rank 0 for all: the others add nothing.
    const internal = Uint8Array.from(await group.sum(Float64Array.from(id)));
    const handle = new BigUint64Array(1);
    const result = library.functions.ncclCommInitRank(handle, group.size, { internal }, group.rank);
    check(library, `joining the cards of ${group.size} processes (one card for each)`, result);
    return new Communicator(library, handle[0]!, group.rank);
  }

  /** Submits a sum over all cards, in place: to a stream, or to the graph that is captured from it. */
  allReduce(address: number, count: number, stream: number): void {
    const result = this.#functions.ncclAllReduce(address, address, count, float32, sum, this.#handle, stream);
    if (result !== 0) {
      throw new DeviceError(`cuda: rank ${this.#rank}: ncclAllReduce failed: ${this.#describe(result)}`);
    }
  }

  dispose(): void {
    this.#functions.ncclCommDestroy(this.#handle);
  }
}

interface LoadedNccl {
  readonly functions: Readonly<Record<FunctionName, NativeFunction>>;
  readonly describe: (result: number) => string;
}

function check({ describe }: LoadedNccl, what: string, result: number): void {
  if (result !== 0) {
    throw new BackendUnavailableError(`cuda: ${what} failed: ${describe(result)}`);
  }
}

/** The library that CONVOY_NCCL_LIBRARY names, else the system's; undefined where there is none. */
async function loadNccl(): Promise<LoadedNccl | undefined> {
  const koffi = await loadKoffi();
  const override = process.env.CONVOY_NCCL_LIBRARY;
  let library: NativeLibrary;
  try {
    library = koffi.load(override ?? "libnccl.so.2");
  } catch (cause) {
    if (override === undefined) {
      return undefined;
    }
    throw new BackendUnavailableError(
      `cuda: the NCCL library ${override} cannot be loaded; correct or unset CONVOY_NCCL_LIBRARY`,
      { cause },
    );
  }
  const uniqueId = uniqueIdType(koffi);
  const bind = (name: FunctionName): NativeFunction =>
    library.func(
      name,
      "int",
      signatures[name].map((type) => (type === "ncclUniqueId" ? uniqueId : type)),
    );
  const names = Object.keys(signatures) as FunctionName[];
  return {
    functions: Object.fromEntries(names.map((name) => [name, bind(name)])) as Record<FunctionName, NativeFunction>,
    describe: library.func("ncclGetErrorString", "str", ["int"]),
  };
}

let known: ReturnType<Koffi["struct"]> | undefined;

/** ncclUniqueId, which is passed by value; koffi takes a name once. */
function uniqueIdType(koffi: Koffi): ReturnType<Koffi["struct"]> {
  known ??= koffi.struct("ncclUniqueId", { internal: koffi.array("uint8", idBytes) });
  return known;
}
