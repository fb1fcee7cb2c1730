import {
  bindBuffers,
  type CompileProgress,
  type DeviceBuffer,
  DeviceError,
  type Executable,
  type Plan,
  type StepTable,
} from "@convoy/core/backend";
import type { Device } from "../device/device.js";
import { DeviceWait } from "../device/deviceWait.js";
import { WebGpuBuffer } from "../memory/buffer.js";
import { Readbacks } from "../memory/readbacks.js";
import type { Dispatch, Grid } from "../wgsl/dispatch.js";
import { bindingBytes } from "../wgsl/shader.js";
import { planDispatches } from "./planDispatches.js";
import { rowStride } from "./stepRows.js";

/** A dispatch ready to be encoded. */
interface Launch {
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
  readonly workgroups: Grid;
}

/** Where a result lies at the end of a step. */
interface ResultPlace {
  readonly buffer: GPUBuffer;
  readonly byteOffset: number;
}

/** About this many dispatches go into one submit: the GPU starts on the first steps while later ones are encoded. */
const dispatchesPerSubmit = 512;

/** Launches of a plan on a device, tuned: compiling it again over other buffers starts from here. */
const planned = new WeakMap<Device, WeakMap<Plan, readonly Dispatch[]>>();

/** A plan as pipelines and bind groups; a run encodes them once a step and submits. */
export class WebGpuExecutable implements Executable {
  readonly #what: string;
  readonly #device: Device;
  readonly #buffers: readonly WebGpuBuffer[];
  readonly #launches: readonly Launch[];
  readonly #results: readonly ResultPlace[];
  readonly #readbacks: Readbacks;
  readonly #end: DeviceWait = new DeviceWait(() => this.#disposed || this.#device.failure !== undefined);
  #disposed = false;

  private constructor(
    plan: Plan,
    device: Device,
    buffers: ReadonlyMap<string, WebGpuBuffer>,
    launches: readonly Launch[],
  ) {
    this.#what = `webgpu: a ${plan.mode} step at batch ${plan.batchSize}`;
    this.#device = device;
    this.#buffers = [...buffers.values()];
    this.#launches = launches;
    const values = new Map(plan.values.map((value) => [value.id, value]));
    this.#results = plan.results.map((id) => {
      const { buffer, byteOffset } = values.get(id)!;
      return { buffer: buffers.get(buffer!)!.memory, byteOffset };
    });
    this.#readbacks = new Readbacks(device);
    device.owned.add(this);
  }

  /** Compiles the kernels that the device has not seen yet, side by side, and binds them to the buffers. */
  static async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    device: Device,
    onProgress: CompileProgress | undefined,
  ): Promise<WebGpuExecutable> {
    const isOwn = (buffer: DeviceBuffer): buffer is WebGpuBuffer =>
      buffer instanceof WebGpuBuffer && buffer.isOn(device);
    const own = bindBuffers("webgpu", plan, buffers, isOwn);
    const offered = planned.get(device)?.get(plan) ?? planDispatches(plan, device);
    const waysToTry = offered.flatMap(({ alternatives = [] }) => alternatives).length;
    let ready = 0;
    const onReady = (): void => onProgress?.(++ready, offered.length + waysToTry);
    const dispatches = await choose(offered, device, onReady);
    remember(plan, dispatches, device);
    const compiling = dispatches.map(async (dispatch) => {
      const pipeline = await compilePipeline(dispatch, device);
      onReady();
      return pipeline;
    });
    for (const buffer of own.values()) {
      const failure = await buffer.allocation;
      if (failure !== undefined) {
        await Promise.allSettled(compiling);
        throw failure;
      }
    }
    const pipelines = await Promise.all(compiling);
    const bound = dispatches.map((dispatch, index) =>
      device.watch(`webgpu: binding ${dispatch.label}`, () => bind(dispatch, pipelines[index]!, own, device)),
    );
    const failure = (await Promise.all(bound.map(({ error }) => error))).find((error) => error !== undefined);
    if (failure !== undefined) {
      throw failure;
    }
    device.checkAlive();
    return new WebGpuExecutable(
      plan,
      device,
      own,
      bound.map(({ value }) => value),
    );
  }

  async run(steps: StepTable): Promise<Float32Array> {
    this.#checkAlive();
    if (steps.count === 0) {
      return new Float32Array(0);
    }
    const count = steps.count * this.#results.length;
    const staging = count > 0 ? this.#readbacks.take(count * 4) : undefined;
    const { error } = this.#device.watch(this.#what, () => this.#submit(steps, staging));
    try {
      if (staging === undefined) {
        await this.#end.wait(steps.count, () => this.#device.gpu.queue.onSubmittedWorkDone());
        const failure = await error;
        if (failure !== undefined) {
          throw failure;
        }
        this.#device.checkAlive();
        return new Float32Array(0);
      }
      const numbers = await this.#end.wait(steps.count, () => this.#readbacks.read(staging, count));
      const failure = await error;
      if (failure !== undefined) {
        throw failure;
      }
      return numbers;
    } catch (cause) {
      if (this.#disposed) {
        throw new DeviceError(`${this.#what}: the executable or its backend was disposed while it ran`, { cause });
      }
      throw await this.#device.explain(this.#what, (await error) ?? cause);
    }
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      this.#device.owned.delete(this);
      this.#readbacks.dispose();
    }
  }

  /** Encodes and submits every step. Synchronous, so that runs, reads and writes keep the order of their calls. */
  #submit(steps: StepTable, staging: GPUBuffer | undefined): void {
    const { gpu } = this.#device;
    const rows = this.#device.steps.upload(steps);
    const stepsPerSubmit = Math.max(1, Math.floor(dispatchesPerSubmit / Math.max(1, this.#launches.length)));
    for (let first = 0; first < steps.count; first += stepsPerSubmit) {
      const encoder = gpu.createCommandEncoder({ label: this.#what });
      const end = Math.min(steps.count, first + stepsPerSubmit);
      for (let row = first; row < end; row++) {
        this.#encodeStep(encoder, rows, row, staging);
      }
      gpu.queue.submit([encoder.finish()]);
    }
  }

  #encodeStep(encoder: GPUCommandEncoder, rows: GPUBindGroup, row: number, staging: GPUBuffer | undefined): void {
    const pass = encoder.beginComputePass();
    pass.setBindGroup(1, rows, [row * rowStride]);
    for (const { pipeline, bindGroup, workgroups } of this.#launches) {
      pass.setPipeline(pipeline);
      pass.setBindGroup(0, bindGroup);
      pass.dispatchWorkgroups(workgroups[0], workgroups[1], workgroups[2]);
    }
    pass.end();
    this.#results.forEach(({ buffer, byteOffset }, index) => {
      encoder.copyBufferToBuffer(buffer, byteOffset, staging!, (row * this.#results.length + index) * 4, 4);
    });
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError(`${this.#what}: the executable or its backend has been disposed`);
    }
    this.#device.checkAlive();
    for (const buffer of this.#buffers) {
      void buffer.memory;
    }
  }
}

function remember(plan: Plan, dispatches: readonly Dispatch[], device: Device): void {
  const plans = planned.get(device) ?? new WeakMap<Plan, readonly Dispatch[]>();
  planned.set(device, plans);
  plans.set(plan, dispatches);
}

/** Each dispatch in one way: the fastest where the device tunes, else the first. */
async function choose(offered: readonly Dispatch[], device: Device, onReady: () => void): Promise<readonly Dispatch[]> {
  if (device.tuner === undefined) {
    return offered;
  }
  try {
    return await device.tuner.tune(offered, onReady);
  } catch (cause) {
    throw await device.explain("webgpu: tuning", cause);
  }
}

async function compilePipeline(dispatch: Dispatch, device: Device): Promise<GPUComputePipeline> {
  try {
    return await device.pipelines.pipeline(dispatch);
  } catch (cause) {
    throw await device.explain(`webgpu: compiling ${dispatch.label}`, cause);
  }
}

function bind(
  dispatch: Dispatch,
  pipeline: GPUComputePipeline,
  buffers: ReadonlyMap<string, WebGpuBuffer>,
  device: Device,
): Launch {
  const bindGroup = device.gpu.createBindGroup({
    label: dispatch.label,
    layout: device.pipelines.layout(dispatch),
    entries: dispatch.bindings.map(({ operand }, binding) => ({
      binding,
      resource: {
        buffer: buffers.get(operand.buffer!)!.memory,
        offset: operand.byteOffset,
        size: bindingBytes(operand),
      },
    })),
  });
  return { pipeline, bindGroup, workgroups: dispatch.workgroups };
}
