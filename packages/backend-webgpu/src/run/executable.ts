import { DeviceError, type Executable, type StepTable } from "@convoy/core/backend";
import { DeviceWait } from "../device/deviceWait.js";
import { Readbacks } from "../memory/readbacks.js";
import type { Program } from "./program.js";
import type { Runtime } from "./runtime.js";
import { rowStride } from "./stepRows.js";

/** About this many dispatches go into one submit: the GPU starts on the first steps while later ones are encoded. */
const dispatchesPerSubmit = 512;

/** Runs a program: a run encodes it once a step and submits. */
export class WebGpuExecutable implements Executable {
  readonly #program: Program;
  readonly #runtime: Runtime;
  readonly #readbacks: Readbacks;
  readonly #end: DeviceWait = new DeviceWait(() => this.#disposed || this.#runtime.device.failure !== undefined);
  #disposed = false;

  constructor(program: Program, runtime: Runtime) {
    this.#program = program;
    this.#runtime = runtime;
    this.#readbacks = new Readbacks(runtime.device);
    runtime.device.owned.add(this);
  }

  async run(steps: StepTable): Promise<Float32Array> {
    this.#checkAlive();
    if (steps.count === 0) {
      return new Float32Array(0);
    }
    const { device } = this.#runtime;
    const { name, results } = this.#program;
    const count = steps.count * results.length;
    const staging = count > 0 ? this.#readbacks.take(count * 4) : undefined;
    const { error } = device.watch(name, () => this.#submit(steps, staging));
    try {
      const numbers = await this.#end.wait(steps.count, () => this.#finish(staging, count));
      const failure = await error;
      if (failure !== undefined) {
        throw failure;
      }
      if (staging === undefined) {
        // The promise of submitted work is kept by a lost device, too.
        device.checkAlive();
      }
      return numbers;
    } catch (cause) {
      if (this.#disposed) {
        throw new DeviceError(`${name}: the executable or its backend was disposed while it ran`, { cause });
      }
      throw await device.explain(name, (await error) ?? cause);
    }
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      this.#runtime.device.owned.delete(this);
      this.#readbacks.dispose();
    }
  }

  /** Encodes and submits every step. Synchronous, so that runs, reads and writes keep the order of their calls. */
  #submit(steps: StepTable, staging: GPUBuffer | undefined): void {
    const { gpu } = this.#runtime.device;
    const { name, launches } = this.#program;
    const rows = this.#runtime.steps.upload(steps);
    const stepsPerSubmit = Math.max(1, Math.floor(dispatchesPerSubmit / Math.max(1, launches.length)));
    for (let first = 0; first < steps.count; first += stepsPerSubmit) {
      const encoder = gpu.createCommandEncoder({ label: name });
      const end = Math.min(steps.count, first + stepsPerSubmit);
      for (let row = first; row < end; row++) {
        this.#encodeStep(encoder, rows, row, staging);
      }
      gpu.queue.submit([encoder.finish()]);
    }
  }

  #encodeStep(encoder: GPUCommandEncoder, rows: GPUBindGroup, row: number, staging: GPUBuffer | undefined): void {
    const { launches, results } = this.#program;
    const pass = encoder.beginComputePass();
    pass.setBindGroup(1, rows, [row * rowStride]);
    for (const { pipeline, bindGroup, dispatch } of launches) {
      const { workgroups } = dispatch;
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
    }
    pass.end();
    results.forEach(({ buffer, byteOffset }, index) => {
      encoder.copyBufferToBuffer(buffer, byteOffset, staging!, (row * results.length + index) * 4, 4);
    });
  }

  /** Resolves to the results when everything submitted is done. */
  async #finish(staging: GPUBuffer | undefined, count: number): Promise<Float32Array> {
    if (staging !== undefined) {
      return await this.#readbacks.read(staging, count);
    }
    await this.#runtime.device.gpu.queue.onSubmittedWorkDone();
    return new Float32Array(0);
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError(`${this.#program.name}: the executable or its backend has been disposed`);
    }
    this.#runtime.device.checkAlive();
    for (const buffer of this.#program.buffers) {
      void buffer.memory;
    }
  }
}
