import { cpus } from "node:os";
import { BackendUnavailableError, DeviceError, type Launcher } from "@convoy/core/backend";
import { ranksText } from "../group/ranksText.js";
import { keepFaultHandlers } from "./faultSignals.js";
import { type Flavour, flavourOf } from "./flavours.js";
import { type Koffi, loadKoffi, loadLibrary, type NativeLibrary } from "./library.js";

/** What a native function takes. */
type Argument = number | bigint | null | ArrayBufferView;
type NativeFunction = (...values: Argument[]) => number;

const maxVersionText = 8192;
/** How long a request is asked for without a break: within a machine most are done by then. */
const spinMs = 0.5;
/** How long it is asked for at every turn of the event loop before it is left to a timer. */
const eagerMs = 20;
/** After so long a wait it is said: one process may do something that the others do not. */
const warnMs = 60_000;
/** How long a rank waits for one that has ended in order: its last message may still be on its way. */
const goneMs = 1000;

/** Element types of messages. */
export type Numbers = Float32Array | Float64Array | Uint8Array;

/** The MPI library of this process, all calls on the thread that made it. Handles are the library's own (`Flavour`). */
export class Mpi {
  /** The library's name or path. */
  readonly path: string;
  readonly flavour: Flavour;
  /** What the library says of itself, the first line. */
  readonly version: string;
  readonly rank: number;
  readonly size: number;
  readonly #functions: Readonly<Record<FunctionName, NativeFunction>>;
  /** Lets another process have the core, where there are more of them than cores. */
  readonly #giveWay: () => void;
  /** Ranks that have ended in order. */
  readonly gone: Set<number> = new Set();
  #state: "running" | "ended" = "running";
  /** Operations that have been started and are not known to be done. */
  readonly #open: Set<Request> = new Set();

  private constructor(koffi: Koffi, library: NativeLibrary, path: string, isCrowded: boolean) {
    this.path = path;
    this.#giveWay = isCrowded ? koffi.load(null).func("sched_yield", "int", []) : () => undefined;
    const versionText = libraryVersion(library, path);
    this.version = versionText.split("\n")[0]!.trim();
    const flavour = flavourOf(library, { path, versionText, addressOf: (symbol) => koffi.address(symbol) });
    if (flavour === undefined) {
      throw new BackendUnavailableError(
        `distributed: ${path} is "${this.version}", which is neither Open MPI, nor has the ABI of MPICH or of MPI 5; ` +
          "name another library in CONVOY_MPI_LIBRARY",
      );
    }
    this.flavour = flavour;
    this.#functions = bindFunctions(library, path, flavour);
    const { threadSerialized } = flavour;
    this.#check("MPI_Init_thread", this.#functions.MPI_Init_thread(null, null, threadSerialized, new Int32Array(1)));
    this.rank = this.#number("MPI_Comm_rank");
    this.size = this.#number("MPI_Comm_size");
  }

  /** Loads and starts MPI. Throws `BackendUnavailableError` where there is none, or where it does not belong to the launcher. */
  static async start(launcher: Launcher, asked?: string): Promise<Mpi> {
    const koffi = await loadKoffi();
    // Libraries install their handlers as they are loaded or started.
    const restoreFaultHandlers = keepFaultHandlers(koffi);
    const { library, path } = loadLibrary(koffi, launcher.kind, asked);
    const mpi = new Mpi(koffi, library, path, isCrowded(launcher));
    restoreFaultHandlers();
    if (mpi.size !== launcher.size) {
      mpi.finalize();
      throw new BackendUnavailableError(wrongLauncher(mpi, launcher));
    }
    return mpi;
  }

  /** Adds up arrays of all ranks, in place and in an order that the library chooses. The memory must stay until it resolves. */
  async allReduce(values: Float32Array | Float64Array): Promise<void> {
    await this.complete(this.startAllReduce(values));
  }

  /** The same, as a request to be asked for with `isDone`. */
  startAllReduce(values: Float32Array | Float64Array): Request {
    const { inPlace, sum, commWorld } = this.flavour;
    return this.#start("MPI_Iallreduce", values, [inPlace, values, values.length, this.#type(values), sum, commWorld]);
  }

  /** Copies the values of rank `root` to all. */
  async broadcast(values: Numbers, root = 0): Promise<void> {
    await this.complete(
      this.#start("MPI_Ibcast", values, [values, values.length, this.#type(values), root, this.flavour.commWorld]),
    );
  }

  /** Joins equally long arrays of all ranks in the order of ranks; every rank gets all. */
  async allGather<N extends Numbers>(values: N): Promise<N> {
    const all = new (values.constructor as new (length: number) => N)(values.length * this.size);
    const type = this.#type(values);
    const call = [values, values.length, type, all, values.length, type, this.flavour.commWorld];
    await this.complete(this.#start("MPI_Iallgather", [values, all], call));
    return all;
  }

  /** Whether a request is done. Asking is also what makes it go on. */
  isDone(request: Request): boolean {
    if (!request.done) {
      this.#check("MPI_Test", this.#functions.MPI_Test(request.handle, request.flag, this.flavour.statusIgnore));
      request.done = request.flag[0] !== 0;
      if (request.done) {
        this.#open.delete(request);
      }
    }
    return request.done;
  }

  /** Resolves when a request is done: at first by asking without a break, then between turns of the event loop. */
  async complete(request: Request): Promise<void> {
    const started = performance.now();
    let warned = false;
    while (!this.isDone(request)) {
      this.#giveWay();
      const waited = performance.now() - started;
      if (waited > spinMs) {
        await new Promise<void>((resolve) => {
          waited < eagerMs ? setImmediate(resolve) : setTimeout(resolve, 1);
        });
      }
      if (waited > goneMs && this.gone.size > 0) {
        throw new DeviceError(
          `distributed: rank ${this.rank} waits in ${request.name}, but ${ranksText([...this.gone])} ended the script; all ` +
            "processes must call fit, evaluate and predict alike",
        );
      }
      if (waited > warnMs && !warned) {
        warned = true;
        console.warn(
          `distributed: rank ${this.rank} of ${this.size} has waited for the others for ${warnMs / 1000} s (${request.name}); ` +
            "do all processes call fit, evaluate and predict, in the same order?",
        );
      }
    }
  }

  /** Ends all processes of the job with an exit code. */
  abort(exitCode: number): void {
    if (this.#state === "running") {
      this.#state = "ended";
      this.#functions.MPI_Abort(this.flavour.commWorld, exitCode);
    }
  }

  /** Ends MPI; no other call may follow. Twice is harmless. */
  finalize(): void {
    if (this.#state === "running") {
      this.#state = "ended";
      this.#functions.MPI_Finalize();
    }
  }

  /** The name of an operation that is under way, whose memory the library still reads and writes: MPI must not end in order now. */
  get underWay(): string | undefined {
    return this.#open.values().next().value?.name;
  }

  get ended(): boolean {
    return this.#state === "ended";
  }

  #type(values: Numbers): number | bigint {
    const { byte, float, double } = this.flavour;
    return values instanceof Float32Array ? float : values instanceof Float64Array ? double : byte;
  }

  #number(name: "MPI_Comm_rank" | "MPI_Comm_size"): number {
    const result = new Int32Array(1);
    this.#check(name, this.#functions[name](this.flavour.commWorld, result));
    return result[0]!;
  }

  #start(name: FunctionName, memory: unknown, values: Argument[]): Request {
    if (this.#state === "ended") {
      throw new DeviceError("distributed: MPI has ended in this process; it cannot be started again");
    }
    const request: Request = { name, memory, handle: new BigUint64Array(1), flag: new Int32Array(1), done: false };
    this.#check(name, this.#functions[name](...values, request.handle));
    this.#open.add(request);
    return request;
  }

  #check(name: string, result: number): void {
    if (result !== 0) {
      throw new DeviceError(
        `distributed: rank ${this.rank} of ${this.size}: ${name} failed with MPI error ${result} (${this.version})`,
      );
    }
  }
}

/** Whether this machine has more processes than cores: who asks without a break would keep another from computing what is waited for. */
function isCrowded({ localSize = 1 }: Launcher): boolean {
  return process.platform !== "win32" && localSize > cpus().length;
}

/** A collective operation under way. */
export interface Request {
  readonly name: string;
  /** What it reads and writes: kept alive as long as it runs. */
  readonly memory: unknown;
  readonly handle: BigUint64Array;
  readonly flag: Int32Array;
  done: boolean;
}

/** Argument types; "handle" is the flavour's. */
const signatures = {
  MPI_Init_thread: ["void *", "void *", "int", "void *"],
  MPI_Comm_rank: ["handle", "void *"],
  MPI_Comm_size: ["handle", "void *"],
  MPI_Iallreduce: ["intptr_t", "void *", "int", "handle", "handle", "handle", "void *"],
  MPI_Ibcast: ["void *", "int", "handle", "int", "handle", "void *"],
  MPI_Iallgather: ["void *", "int", "handle", "void *", "int", "handle", "handle", "void *"],
  MPI_Test: ["void *", "void *", "intptr_t"],
  MPI_Abort: ["handle", "int"],
  MPI_Finalize: [],
} as const;

type FunctionName = keyof typeof signatures;

function bindFunctions(library: NativeLibrary, path: string, flavour: Flavour): Record<FunctionName, NativeFunction> {
  const bind = (name: FunctionName): NativeFunction => {
    const types = signatures[name].map((type) => (type === "handle" ? flavour.handleType : type));
    try {
      return library.func(name, "int", types);
    } catch (cause) {
      throw new BackendUnavailableError(
        `distributed: the MPI library ${path} has no function ${name}; it is older than MPI 3. Install Open MPI 4 or MPICH 4`,
        { cause },
      );
    }
  };
  const names = Object.keys(signatures) as FunctionName[];
  return Object.fromEntries(names.map((name) => [name, bind(name)])) as Record<FunctionName, NativeFunction>;
}

/** What a library says of itself before it is started. */
function libraryVersion(library: NativeLibrary, path: string): string {
  const bytes = Buffer.alloc(maxVersionText);
  try {
    library.func("MPI_Get_library_version", "int", ["void *", "void *"])(bytes, new Int32Array(1));
  } catch (cause) {
    throw new BackendUnavailableError(`distributed: ${path} is no library of MPI 3 or later`, { cause });
  }
  return bytes.toString("utf8", 0, bytes.indexOf(0));
}

/** Every process of a wrong launcher is alone: each would train the whole model by itself. */
function wrongLauncher({ path, version, size }: Mpi, launcher: Launcher): string {
  const started = { openmpi: "Open MPI's mpirun", hydra: "MPICH's mpirun", slurm: "srun" } as const;
  const by = launcher.kind in started ? started[launcher.kind as keyof typeof started] : "the launcher";
  const remedy =
    launcher.kind === "slurm"
      ? "start with srun --mpi=pmix (Open MPI) or srun --mpi=pmi2 (MPICH)"
      : `use the mpirun of ${path}, or name the other library in CONVOY_MPI_LIBRARY`;
  return (
    `distributed: ${by} has started ${launcher.size} processes, but in ${path} (${version}) this one is of ${size}: ` +
    `library and launcher do not belong together; ${remedy}`
  );
}
