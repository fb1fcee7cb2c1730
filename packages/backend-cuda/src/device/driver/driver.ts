import { BackendUnavailableError, DeviceError } from "@convoy/core/backend";
import { type EntryPoint, entryPoints, type OptionalEntryPoint, optionalEntryPoints } from "./entryPoints.js";
import { type Koffi, loadKoffi, loadLibrary, type NativeLibrary } from "./library.js";
import { describeResult, results } from "./results.js";

/** What a native function takes: numbers (also for handles and device addresses), strings, and memory to read or write. */
export type Argument = number | bigint | string | ArrayBufferView;
type NativeFunction = (...values: Argument[]) => number;

/** Memory with its address. */
export interface NativeMemory {
  readonly address: number;
  readonly memory: ArrayBuffer;
}

/** The NVIDIA driver, called directly. Addresses and handles are numbers: no user address reaches 2^53. */
export class Driver {
  /** The library's name or path. */
  readonly path: string;
  readonly #koffi: Koffi;
  readonly #functions: ReadonlyMap<EntryPoint, NativeFunction>;
  readonly #optional: ReadonlyMap<OptionalEntryPoint, NativeFunction>;
  readonly #errorName: (result: number, name: [string | null]) => number;
  /** Room for one result of any type. */
  readonly #word: BigUint64Array<ArrayBuffer> = new BigUint64Array(1);
  #scratch: NativeMemory | undefined;

  private constructor(koffi: Koffi, library: NativeLibrary, path: string) {
    this.path = path;
    this.#koffi = koffi;
    this.#functions = new Map(
      (Object.keys(entryPoints) as EntryPoint[]).map((name) => [name, bindFunction(library, name, path)]),
    );
    this.#optional = new Map(
      (Object.keys(optionalEntryPoints) as OptionalEntryPoint[]).flatMap((name) => {
        const found = findFunction(library, name);
        return found ? [[name, found] as const] : [];
      }),
    );
    this.#errorName = library.func("int cuGetErrorName(int, _Out_ const char **)");
  }

  /** Loads the library and finds its functions. Throws `BackendUnavailableError` where it is missing or too old. */
  static async load(path?: string): Promise<Driver> {
    const koffi = await loadKoffi();
    const loaded = loadLibrary(koffi, path);
    return new Driver(koffi, loaded.library, loaded.path);
  }

  /** Calls a function and returns its result. */
  result(name: EntryPoint, ...values: Argument[]): number {
    return this.#functions.get(name)!(...values);
  }

  /** Calls a function where this driver has it. */
  tryCall(name: OptionalEntryPoint, ...values: Argument[]): void {
    this.#optional.get(name)?.(...values);
  }

  /** Calls a function that must succeed. `what` says in an error what was being done. */
  call(what: string, name: EntryPoint, ...values: Argument[]): void {
    const result = this.result(name, ...values);
    if (result !== results.success) {
      throw new DeviceError(`cuda: ${what} failed: ${name} gave ${this.describe(result)}`);
    }
  }

  /** Calls a function whose first argument points to its result, a handle, an address or a size. */
  get(what: string, name: EntryPoint, ...values: Argument[]): number {
    this.#word[0] = 0n;
    this.call(what, name, this.#word, ...values);
    return Number(this.#word[0]);
  }

  /** Calls a function whose first argument points to a string. */
  text(what: string, name: EntryPoint, ...values: Argument[]): string {
    const bytes = Buffer.alloc(256);
    this.call(what, name, bytes, bytes.length, ...values);
    return bytes.toString("utf8", 0, bytes.indexOf(0));
  }

  /** `CUDA_ERROR_LAUNCH_FAILED (719): a kernel failed; ...` */
  describe(result: number): string {
    const name: [string | null] = [null];
    this.#errorName(result, name);
    return describeResult(name[0] ?? "an unknown error", result);
  }

  /** The bytes at a native address. They must not be used any more once that memory is freed. */
  view(address: number, bytes: number): ArrayBuffer {
    return this.#koffi.view(BigInt(address), bytes);
  }

  /** Native memory for arguments of one call after the other; always the same. */
  scratch(bytes: number): NativeMemory {
    if (this.#scratch === undefined || this.#scratch.memory.byteLength < bytes) {
      const pointer = this.#koffi.alloc("uint8_t", bytes);
      this.#scratch = { address: Number(this.#koffi.address(pointer)), memory: this.#koffi.view(pointer, bytes) };
    }
    return this.#scratch;
  }
}

function bindFunction(library: NativeLibrary, name: EntryPoint, path: string): NativeFunction {
  try {
    return library.func(name, "int", [...entryPoints[name]]);
  } catch (cause) {
    throw new BackendUnavailableError(
      `cuda: the driver library ${path} has no function ${name}; it is older than CUDA 11.4 (driver R470). ` +
        "Install a newer NVIDIA driver",
      { cause },
    );
  }
}

function findFunction(library: NativeLibrary, name: OptionalEntryPoint): NativeFunction | undefined {
  try {
    return library.func(name, "int", [...optionalEntryPoints[name]]);
  } catch {
    return undefined;
  }
}
