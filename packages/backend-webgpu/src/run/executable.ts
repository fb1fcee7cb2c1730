import { DeviceError, type Executable, type StepTable } from "@convoy/core/backend";
import { DeviceWait } from "../device/deviceWait.js";
import { Readbacks } from "../memory/readbacks.js";
import { encodeLaunches, encodeResults } from "./encode.js";
import type { Program } from "./program.js";
import { runOneByOne } from "./runOneByOne.js";
import type { Runtime } from "./runtime.js";

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
    const { order } = this.#runtime.device;
    return await (order === undefined ? this.#run(steps) : order.add(() => this.#debug(steps)));
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      this.#runtime.device.owned.delete(this);
      this.#readbacks.dispose();
    }
  }

  async #run(steps: StepTable): Promise<Float32Array> {
    const { device } = this.#runtime;
    const { name, results } = this.#program;
    const count = steps.count * results.length;
    const staging = count > 0 ? this.#readbacks.take(count * 4) : undefined;
    const { error } = device.watch(name, () => this.#submit(steps, staging));
    try {
      const numbers = await this.#end.wait(steps.count, () => this.#finish(staging, count));
      const failure = await error;
      if (failure !== undefined) {
        throw new DeviceError(`${failure.message}. webgpu({ debug: true }) names the dispatch that fails`, {
          cause: failure,
        });
      }
      if (staging === undefined) {
        // The promise of submitted work is kept by a lost device, too.
        device.checkAlive();
      }
      return numbers;
    } catch (cause) {
      throw await this.#explain(cause instanceof DeviceError ? cause : ((await error) ?? cause));
    }
  }

  /** The steps, dispatch by dispatch. */
  async #debug(steps: StepTable): Promise<Float32Array> {
    const { device } = this.#runtime;
    const count = steps.count * this.#program.results.length;
    try {
      device.checkAlive();
      const staging = count > 0 ? this.#readbacks.take(count * 4) : undefined;
      const rows = this.#runtime.steps.upload(steps);
      await runOneByOne(this.#program, device, { rows, count: steps.count }, staging);
      return await this.#finish(staging, count);
    } catch (cause) {
      throw this.#disposed || !(cause instanceof DeviceError) ? await this.#explain(cause) : cause;
    }
  }

  /** Why a run has failed. */
  async #explain(cause: unknown): Promise<DeviceError> {
    const { name } = this.#program;
    if (this.#disposed) {
      return new DeviceError(`${name}: the executable or its backend was disposed while it ran`, { cause });
    }
    return await this.#runtime.device.explain(name, cause);
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
        encodeLaunches(encoder, launches, { rows, row });
        encodeResults(encoder, this.#program, row, staging);
      }
      gpu.queue.submit([encoder.finish()]);
    }
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
