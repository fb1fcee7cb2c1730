import { bindBuffers, type CompileProgress, type DeviceBuffer, type Plan } from "@convoy/core/backend";
import { WebGpuBuffer } from "../memory/buffer.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { bindingBytes } from "../wgsl/shader.js";
import { planDispatches } from "./planDispatches.js";
import type { Runtime } from "./runtime.js";

/** A dispatch ready to be encoded. */
export interface Launch {
  readonly dispatch: Dispatch;
  readonly pipeline: GPUComputePipeline;
  readonly bindGroup: GPUBindGroup;
}

/** Where a result lies at the end of a step. */
export interface ResultPlace {
  readonly buffer: GPUBuffer;
  readonly byteOffset: number;
}

/** A plan as pipelines and bind groups. */
export interface Program {
  /** Opens error messages. */
  readonly name: string;
  readonly buffers: readonly WebGpuBuffer[];
  readonly launches: readonly Launch[];
  readonly results: readonly ResultPlace[];
}

/** Compiles the kernels that the device has not seen yet, side by side, and binds them to the buffers. */
export async function buildProgram(
  plan: Plan,
  buffers: Readonly<Record<string, DeviceBuffer>>,
  runtime: Runtime,
  onProgress: CompileProgress | undefined,
): Promise<Program> {
  const { device, target, selected } = runtime;
  const isOwn = (buffer: DeviceBuffer): buffer is WebGpuBuffer => buffer instanceof WebGpuBuffer && buffer.isOn(device);
  const own = bindBuffers("webgpu", plan, buffers, isOwn);
  const offered = selected.get(plan) ?? planDispatches(plan, target);
  const alternativeCount = offered.flatMap(({ alternatives = [] }) => alternatives).length;
  let ready = 0;
  const onReady = (): void => onProgress?.(++ready, offered.length + alternativeCount);
  const dispatches = await select(offered, runtime, onReady);
  selected.set(plan, dispatches);
  const compiling = dispatches.map(async (dispatch) => {
    const pipeline = await compilePipeline(dispatch, runtime);
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
    device.watch(`webgpu: binding ${dispatch.label}`, () => bind(dispatch, pipelines[index]!, own, runtime)),
  );
  const failure = (await Promise.all(bound.map(({ error }) => error))).find((error) => error !== undefined);
  if (failure !== undefined) {
    throw failure;
  }
  device.checkAlive();
  return {
    name: `webgpu: a ${plan.mode} step at batch ${plan.batchSize}`,
    buffers: [...own.values()],
    launches: bound.map(({ value }) => value),
    results: resultPlaces(plan, own),
  };
}

function resultPlaces(plan: Plan, buffers: ReadonlyMap<string, WebGpuBuffer>): ResultPlace[] {
  const values = new Map(plan.values.map((value) => [value.id, value]));
  return plan.results.map((id) => {
    const { buffer, byteOffset } = values.get(id)!;
    return { buffer: buffers.get(buffer!)!.memory, byteOffset };
  });
}

/** Each dispatch in one variant: the fastest where kernels are tuned, else the first. */
async function select(
  offered: readonly Dispatch[],
  { selector, device }: Runtime,
  onReady: () => void,
): Promise<readonly Dispatch[]> {
  if (selector === undefined) {
    return offered;
  }
  try {
    return await selector.tune(offered, onReady);
  } catch (cause) {
    throw await device.explain("webgpu: tuning", cause);
  }
}

async function compilePipeline(dispatch: Dispatch, { pipelines, device }: Runtime): Promise<GPUComputePipeline> {
  try {
    return await pipelines.pipeline(dispatch);
  } catch (cause) {
    throw await device.explain(`webgpu: compiling ${dispatch.label}`, cause);
  }
}

function bind(
  dispatch: Dispatch,
  pipeline: GPUComputePipeline,
  buffers: ReadonlyMap<string, WebGpuBuffer>,
  { device, pipelines }: Runtime,
): Launch {
  const bindGroup = device.gpu.createBindGroup({
    label: dispatch.label,
    layout: pipelines.layout(dispatch),
    entries: dispatch.bindings.map(({ tensor }, binding) => ({
      binding,
      resource: {
        buffer: buffers.get(tensor.buffer!)!.memory,
        offset: tensor.byteOffset,
        size: bindingBytes(tensor),
      },
    })),
  });
  return { dispatch, pipeline, bindGroup };
}
