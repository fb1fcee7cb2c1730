import {
  BackendUnavailableError,
  DeviceError,
  MemoryCount,
  type MemoryInfo,
  type ProcessGroup,
} from "@convoy/core/backend";
import { type PinnedBlock, PinnedMemory } from "../memory/pinnedMemory.js";
import { type Argument, Driver } from "./driver/driver.js";
import type { EntryPoint } from "./driver/entryPoints.js";
import { results } from "./driver/results.js";
import {
  formatComputeCapability,
  formatDriverVersion,
  minComputeCapability,
  minDriverVersion,
} from "./images/chooseImage.js";
import { loadModule } from "./images/loadModule.js";
import { imageRemedy } from "./images/readImage.js";
import { Communicator } from "./nccl/communicator.js";

/** CUdevice_attribute values. */
const attributes = { multiprocessors: 16, computeMajor: 75, computeMinor: 76 } as const;
/** CU_STREAM_NON_BLOCKING */
const nonBlockingStream = 1;
/** CU_EVENT_DISABLE_TIMING */
const untimedEvent = 2;
/** How long an event is asked for between turns of the event loop, before it is left to a timer. */
const eagerMs = 20;

/** What is known of a device. */
export interface DeviceFacts {
  readonly name: string;
  readonly totalBytes: number;
  readonly driverVersion: number;
  readonly computeCapability: number;
  readonly multiprocessors: number;
  /** The kernel image that was loaded. */
  readonly image: string;
}

/** One card with a context, a stream on which everything runs in order (sums over cards may have one of their own), and the kernels. */
export class CudaDevice {
  readonly facts: DeviceFacts;
  readonly driver: Driver;
  readonly stream: number;
  readonly #ordinal: number;
  readonly #context: number;
  readonly #module: number;
  readonly #kernels = new Map<string, number>();
  #communicator: Communicator | undefined;
  #sumStream: number | undefined;
  readonly #idleEvents: number[] = [];
  readonly #pinned: PinnedMemory;
  /** Sizes of the device memory in use, by address. */
  readonly #allocations = new Map<number, number>();
  readonly #memory = new MemoryCount();
  #disposed = false;

  private constructor(driver: Driver, ordinal: number, context: number, facts: Omit<DeviceFacts, "image">) {
    this.driver = driver;
    this.#ordinal = ordinal;
    this.#context = context;
    driver.call("making the context current", "cuCtxSetCurrent", context);
    const { handle, image } = loadModule(driver, facts.driverVersion, facts.computeCapability);
    this.#module = handle;
    this.facts = { ...facts, image };
    this.stream = driver.get("creating a stream", "cuStreamCreate", nonBlockingStream);
    this.#pinned = new PinnedMemory(driver);
  }

  /** Opens device `ordinal`. Throws `BackendUnavailableError` where there is no driver, no device, or one too old. */
  static async open(ordinal: number, library?: string): Promise<CudaDevice> {
    const driver = await Driver.load(library);
    const driverVersion = driver.get("asking for the driver's version", "cuDriverGetVersion");
    if (driverVersion < minDriverVersion) {
      throw new BackendUnavailableError(
        `cuda: the NVIDIA driver supports CUDA ${formatDriverVersion(driverVersion)}, Convoy needs ` +
          `${formatDriverVersion(minDriverVersion)} (driver R470) or later; install a newer driver`,
      );
    }
    available(driver, driver.result("cuInit", 0), "starting the driver");
    const deviceCount = driver.get("counting devices", "cuDeviceGetCount");
    if (ordinal >= deviceCount) {
      throw new BackendUnavailableError(
        `cuda: there is no device ${ordinal}, the driver has ${deviceCount}${visibleDevices()}, numbered from 0; ` +
          "correct the option `device`",
      );
    }
    const handle = driver.get(`opening device ${ordinal}`, "cuDeviceGet", ordinal);
    const attribute = (which: number) =>
      driver.get("asking for the device's attributes", "cuDeviceGetAttribute", which, handle);
    const name = driver.text("asking for the device's name", "cuDeviceGetName", handle);
    const computeCapability = attribute(attributes.computeMajor) * 10 + attribute(attributes.computeMinor);
    if (computeCapability < minComputeCapability) {
      throw new BackendUnavailableError(
        `cuda: ${name} has compute capability ${formatComputeCapability(computeCapability)}, Convoy needs ` +
          `${formatComputeCapability(minComputeCapability)} or later (Ampere, 2020); use the WebGPU or WASM backend`,
      );
    }
    const context = new BigUint64Array(1);
    available(driver, driver.result("cuDevicePrimaryCtxRetain", context, handle), `opening a context on ${name}`);
    try {
      return new CudaDevice(driver, handle, Number(context[0]), {
        name,
        totalBytes: driver.get("asking for the device's memory", "cuDeviceTotalMem_v2", handle),
        driverVersion,
        computeCapability,
        multiprocessors: attribute(attributes.multiprocessors),
      });
    } catch (error) {
      driver.result("cuDevicePrimaryCtxRelease_v2", handle);
      throw error;
    }
  }

  /** Joins the cards of a group's processes, where all have NCCL: all call it. Returns whether they are joined. */
  async joinGroup(group: ProcessGroup): Promise<boolean> {
    this.#use();
    this.#communicator = await Communicator.join(group);
    if (this.inGroup) {
      this.#sumStream = this.get("creating a stream", "cuStreamCreate", nonBlockingStream);
    }
    return this.inGroup;
  }

  get inGroup(): boolean {
    return this.#communicator !== undefined;
  }

  /** The stream on which sums over cards can run beside what else the card does. */
  get sumStream(): number {
    return this.#sumStream!;
  }

  /** Submits a sum over the cards of the group, in place. */
  sumOverCards(address: number, count: number, stream: number): void {
    this.#use();
    this.#communicator!.allReduce(address, count, stream);
  }

  /** An event to order streams by; `giveEventBack` when nothing waits for it any more. */
  takeEvent(): number {
    this.#use();
    return this.#idleEvents.pop() ?? this.get("creating an event", "cuEventCreate", untimedEvent);
  }

  giveEventBack(event: number): void {
    this.#idleEvents.push(event);
  }

  get memory(): MemoryInfo {
    return this.#memory.info;
  }

  /** Device memory in bytes that no process uses. */
  get freeBytes(): number {
    return this.get("asking for free memory", "cuMemGetInfo_v2", new BigUint64Array(1));
  }

  /** Calls the driver in this device's context. */
  call(what: string, name: EntryPoint, ...values: Argument[]): void {
    this.#use();
    this.driver.call(what, name, ...values);
  }

  /** The same for functions whose first argument points to the result. */
  get(what: string, name: EntryPoint, ...values: Argument[]): number {
    this.#use();
    return this.driver.get(what, name, ...values);
  }

  /** A kernel of the image, loaded. Throws `DeviceError` where the image has none of that name. */
  kernel(name: string): number {
    const known = this.#kernels.get(name);
    if (known !== undefined) {
      return known;
    }
    this.#use();
    const handle = new BigUint64Array(1);
    const result = this.driver.result("cuModuleGetFunction", handle, this.#module, name);
    if (result === results.notFound) {
      throw new DeviceError(
        `cuda: the kernel image (${this.facts.image}) has no kernel "${name}": it is older than that kernel. ${imageRemedy}`,
      );
    }
    if (result !== results.success) {
      throw new DeviceError(`cuda: finding kernel ${name} failed: ${this.driver.describe(result)}`);
    }
    const kernel = Number(handle[0]);
    // Otherwise it is loaded when it is first launched, in the middle of a capture.
    this.driver.tryCall("cuFuncLoad", kernel);
    this.#kernels.set(name, kernel);
    return kernel;
  }

  /** Device memory, zero-filled in the order of the stream. Throws `DeviceError` when there is not enough. */
  allocate(label: string, bytes: number): number {
    this.#use();
    // The driver has no allocation of nothing.
    const size = Math.max(bytes, 4);
    const address = new BigUint64Array(1);
    const result = this.driver.result("cuMemAlloc_v2", address, size);
    if (result !== results.success) {
      throw new DeviceError(
        `cuda: cannot allocate ${size} bytes for "${label}" on ${this.facts.name} with ${this.#memory.usedBytes} of its ` +
          `${this.facts.totalBytes} bytes in use here: ${this.driver.describe(result)}`,
      );
    }
    const at = Number(address[0]);
    this.call("clearing memory", "cuMemsetD8Async", at, 0, size, this.stream);
    this.#allocations.set(at, size);
    this.#memory.add(size);
    return at;
  }

  /** Frees `allocate`d memory once what was started before is done. */
  release(address: number): void {
    const bytes = this.#allocations.get(address);
    if (bytes === undefined || this.#disposed) {
      return;
    }
    this.#allocations.delete(address);
    this.#memory.remove(bytes);
    this.driver.result("cuCtxSetCurrent", this.#context);
    // Waits for the device. A broken one refuses, and its memory is gone already.
    this.driver.result("cuMemFree_v2", address);
  }

  /** Host memory that the device copies from and to on its own; to be given back with `unpin`. */
  pin(bytes: number): PinnedBlock {
    this.#use();
    return this.#pinned.take(bytes);
  }

  unpin(block: PinnedBlock): void {
    if (!this.#disposed) {
      this.#pinned.giveBack(block);
    }
  }

  /** Resolves when everything submitted so far is done; rejects with `DeviceError` when the device has failed. */
  async finished(): Promise<void> {
    const event = this.takeEvent();
    this.call("marking the end of a run", "cuEventRecord", event, this.stream);
    const started = performance.now();
    while (!this.#isPast(event)) {
      await new Promise<void>((resolve) => {
        performance.now() - started < eagerMs ? setImmediate(resolve) : setTimeout(resolve, 1);
      });
    }
    this.giveEventBack(event);
  }

  /** Waits for the device and frees everything. Twice is harmless. */
  dispose(): void {
    if (this.#disposed) {
      return;
    }
    this.driver.result("cuCtxSetCurrent", this.#context);
    // What fails here has failed before: the context goes in any case.
    this.driver.result("cuStreamSynchronize", this.stream);
    this.#communicator?.dispose();
    for (const address of [...this.#allocations.keys()]) {
      this.release(address);
    }
    for (const event of this.#idleEvents) {
      this.driver.result("cuEventDestroy_v2", event);
    }
    this.#pinned.dispose();
    this.driver.result("cuStreamDestroy_v2", this.stream);
    if (this.#sumStream !== undefined) {
      this.driver.result("cuStreamDestroy_v2", this.#sumStream);
    }
    this.driver.result("cuModuleUnload", this.#module);
    this.driver.result("cuDevicePrimaryCtxRelease_v2", this.#ordinal);
    this.#disposed = true;
  }

  #isPast(event: number): boolean {
    this.#use();
    const result = this.driver.result("cuEventQuery", event);
    if (result !== results.success && result !== results.notReady) {
      throw new DeviceError(`cuda: ${this.facts.name} failed while it ran: ${this.driver.describe(result)}`);
    }
    return result === results.success;
  }

  /** The current context belongs to the thread: another backend may have set its own. */
  #use(): void {
    if (this.#disposed) {
      throw new DeviceError("cuda: the backend has been disposed; make another with cuda()");
    }
    this.driver.call("making the context current", "cuCtxSetCurrent", this.#context);
  }
}

/** What the environment leaves of the devices, if it says anything. */
function visibleDevices(): string {
  const visible = process.env.CUDA_VISIBLE_DEVICES;
  return visible === undefined ? "" : ` (CUDA_VISIBLE_DEVICES is "${visible}"; unset it to see all)`;
}

/** Throws `BackendUnavailableError` unless a call that decides whether there is a device at all has succeeded. */
function available(driver: Driver, result: number, what: string): void {
  if (result === results.noDevice) {
    const why = `${visibleDevices()}: ${driver.describe(result)}`;
    throw new BackendUnavailableError(`cuda: the NVIDIA driver is there but no device${why}`);
  }
  if (result !== results.success) {
    throw new BackendUnavailableError(`cuda: ${what} failed: ${driver.describe(result)}`);
  }
}
