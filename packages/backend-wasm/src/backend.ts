import {
  type BufferSpec,
  bindBuffers,
  type CompileProgress,
  type DeviceBuffer,
  DeviceError,
  type DeviceInfo,
  dtypeBytes,
  type Executable,
  type FusedName,
  fusedKernels,
  type InPlacePair,
  type KernelName,
  type MemoryInfo,
  missingKernels,
  type OpInstance,
  type Plan,
  validatePlan,
} from "@convoy/core/backend";
import type { WasmDevice } from "./device/device.js";
import { measurePeak } from "./device/peak.js";
import { kernels } from "./kernels/index.js";
import { inPlacePairs } from "./kernels/inPlace.js";
import { WasmBuffer } from "./memory/buffer.js";
import { encodePlan, supports, workspaceOf } from "./program/encode.js";
import { formatProgram } from "./program/formatProgram.js";
import { WasmExecutable } from "./run/executable.js";
import type { PeakMeasurement, WasmBackend } from "./wasmBackend.js";

export class WasmBackendImplementation implements WasmBackend {
  readonly name = "wasm";
  readonly device: DeviceInfo;
  readonly fusions: readonly FusedName[] = fusedKernels(kernels);
  readonly unsupportedOps: readonly KernelName[] = missingKernels(kernels);
  readonly #device: WasmDevice;
  readonly #debug: boolean;
  #disposed: Promise<void> | undefined;

  constructor(info: DeviceInfo, device: WasmDevice, debug: boolean) {
    this.device = info;
    this.#device = device;
    this.#debug = debug;
  }

  supports(op: OpInstance): true | string {
    return supports(op);
  }

  workspaceBytes(op: OpInstance): number {
    return workspaceOf(op);
  }

  inPlace(op: OpInstance): readonly InPlacePair[] {
    return inPlacePairs(op);
  }

  createBuffer(label: string, spec: BufferSpec): DeviceBuffer {
    this.#checkAlive();
    return new WasmBuffer(label, spec, this.#device.heap, this.#device.queue);
  }

  hostView(buffer: DeviceBuffer): Uint8Array {
    const { address, length, dtype, heap } = buffer as WasmBuffer;
    return new Uint8Array(heap.memory.buffer, address, length * dtypeBytes[dtype]);
  }

  async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable> {
    this.#checkAlive();
    if (this.#debug) {
      validatePlan(plan);
    }
    const isOwn = (buffer: DeviceBuffer): buffer is WasmBuffer =>
      buffer instanceof WasmBuffer && buffer.heap === this.#device.heap && !buffer.disposed;
    const own = bindBuffers("wasm", plan, buffers, isOwn);
    const report = onProgress && ((done: number) => onProgress(done, plan.ops.length));
    const program = encodePlan(plan, (name) => own.get(name)!.address, report);
    const label = `${plan.mode} plan, batch of ${plan.batchSize}`;
    return new WasmExecutable(this.#device, label, program, [...own.values()], this.#debug);
  }

  formatProgram(plan: Plan): string {
    return formatProgram(plan);
  }

  async synchronize(): Promise<void> {
    await this.#device.queue.settled();
  }

  memory(): MemoryInfo {
    return this.#device.heap.memoryInfo;
  }

  availableBytes(): number {
    return this.#device.heap.availableBytes;
  }

  async measurePeak(attempts = 10): Promise<number> {
    return (await this.measurePeakSpread(attempts)).best;
  }

  async measurePeakSpread(attempts = 10): Promise<PeakMeasurement> {
    this.#checkAlive();
    return await measurePeak(this.#device, attempts);
  }

  dispose(): Promise<void> {
    this.#disposed ??= (async () => {
      this.#device.queue.close(new DeviceError("wasm: the backend has been disposed"));
      await this.#device.runner.dispose();
      await this.#device.queue.settled();
    })();
    return this.#disposed;
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError("wasm: the backend has been disposed");
    }
  }
}
