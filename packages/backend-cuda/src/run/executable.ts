import {
  bindBuffers,
  type DeviceBuffer,
  DeviceError,
  type Executable,
  type Plan,
  type StepTable,
  stepBytes,
} from "@convoy/core/backend";
import type { CudaDevice } from "../device/device.js";
import type { Precision } from "../kernels/opKernel.js";
import { CudaBuffer } from "../memory/buffer.js";
import { ExecutableMemory, reportedOffset, stateBytes, tableRows } from "../memory/executableMemory.js";
import type { PinnedBlock } from "../memory/pinnedMemory.js";
import { placePlan } from "./placePlan.js";
import { planLaunches, type StepLaunch } from "./planLaunches.js";
import { runOneByOne, StepGraph } from "./stepGraph.js";

/** Steps of one graph launch in longer runs. */
const stepsPerGraph = 16;

/** A part of a run: what was submitted for one table of steps. */
interface Chunk {
  readonly block: PinnedBlock;
  readonly steps: number;
}

export interface ExecutableOptions {
  readonly precision: Precision;
  /** Whether kernels run one by one instead of in graphs. */
  readonly debug: boolean;
}

/** A plan as CUDA graphs of one step and of sixteen. */
export class CudaExecutable implements Executable {
  readonly #device: CudaDevice;
  readonly #buffers: readonly CudaBuffer[];
  readonly #memory: ExecutableMemory;
  readonly #launches: readonly StepLaunch[];
  readonly #debug: boolean;
  readonly #resultCount: number;
  readonly #graphs = new Map<number, StepGraph>();
  readonly #onDispose: () => void;
  #disposed = false;

  constructor(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    device: CudaDevice,
    { precision, debug }: ExecutableOptions,
    onDispose: (executable: CudaExecutable) => void,
  ) {
    this.#device = device;
    this.#debug = debug;
    this.#onDispose = () => onDispose(this);
    const own = bindBuffers("cuda", plan, buffers, isOf(device));
    this.#buffers = [...own.values()];
    const { ops, tensors } = placePlan(plan, (buffer) => own.get(buffer)!.address);
    this.#resultCount = plan.results.length;
    const addresses = plan.results.map((id) => tensors.get(id)!.address);
    this.#memory = new ExecutableMemory(device, precision, addresses);
    try {
      this.#launches = planLaunches(ops, plan.results, this.#memory);
      if (!debug) {
        this.#graph(1);
      }
    } catch (error) {
      this.#memory.dispose();
      throw error;
    }
  }

  /** Names of the kernels of one step, in order. */
  get kernels(): readonly string[] {
    return this.#launches.map(({ kernel }) => kernel);
  }

  async run(steps: StepTable): Promise<Float32Array> {
    this.#checkAlive();
    const reported = new Float32Array(steps.count * this.#resultCount);
    const chunks: Chunk[] = [];
    // All is submitted before anything is awaited: the next run finds its place behind this one.
    for (let row = 0; row < steps.count; row += tableRows) {
      const count = Math.min(tableRows, steps.count - row);
      chunks.push(this.#submit(steps.bytes.subarray(row * stepBytes, (row + count) * stepBytes), count));
    }
    await this.#device.finished();
    this.#checkAlive();
    let at = 0;
    for (const { block, steps: count } of chunks) {
      const [, fault] = new Uint32Array(block.memory, 0, stateBytes / 4);
      reported.set(new Float32Array(block.memory, reportedOffset, count * this.#resultCount), at);
      at += count * this.#resultCount;
      this.#device.unpin(block);
      if (fault !== 0) {
        throw new DeviceError(
          `cuda: a step asked for row ${(fault! - 1) | 0} of a tensor that has no such row; check batchStart and the order`,
        );
      }
    }
    return reported;
  }

  dispose(): void {
    if (!this.#disposed) {
      this.#disposed = true;
      // Freeing memory waits for the device, so no graph that still runs is taken away.
      this.#memory.dispose();
      for (const graph of this.#graphs.values()) {
        graph.dispose();
      }
      this.#onDispose();
    }
  }

  /** Copies the table over, runs its steps, copies state and results back. */
  #submit(table: Uint8Array, count: number): Chunk {
    const device = this.#device;
    const { stream } = device;
    const { stepTable, stepState } = this.#memory;
    const reportedBytes = reportedOffset + count * this.#resultCount * 4;
    const tableAt = Math.ceil(reportedBytes / 8) * 8;
    const block = device.pin(tableAt + table.length);
    new Uint8Array(block.memory, tableAt).set(table);
    device.call(
      "writing the steps",
      "cuMemcpyHtoDAsync_v2",
      stepTable,
      new Uint8Array(block.memory, tableAt, table.length),
      table.length,
      stream,
    );
    device.call("starting the steps", "cuMemsetD8Async", stepState, 0, stateBytes, stream);
    this.#launch(count);
    device.call("reading the results", "cuMemcpyDtoHAsync_v2", block.address, stepState, reportedBytes, stream);
    return { block, steps: count };
  }

  #launch(count: number): void {
    if (this.#debug) {
      for (let step = 0; step < count; step++) {
        runOneByOne(this.#device, this.#launches);
      }
      return;
    }
    for (let left = count; left > 0; ) {
      const graph = this.#graph(left >= stepsPerGraph ? stepsPerGraph : 1);
      graph.launch();
      left -= graph.steps;
    }
  }

  #graph(steps: number): StepGraph {
    const graph = this.#graphs.get(steps) ?? new StepGraph(this.#device, this.#launches, steps);
    this.#graphs.set(steps, graph);
    return graph;
  }

  #checkAlive(): void {
    if (this.#disposed) {
      throw new DeviceError("cuda: the executable or its backend has been disposed");
    }
    for (const buffer of this.#buffers) {
      void buffer.address;
    }
  }
}

/** Tells the buffers that a device has made. */
function isOf(device: CudaDevice): (buffer: DeviceBuffer) => buffer is CudaBuffer {
  return (buffer): buffer is CudaBuffer => buffer instanceof CudaBuffer && buffer.device === device;
}
