import {
  type Backend,
  type BufferSpec,
  type CompileProgress,
  type DeviceBuffer,
  type DeviceInfo,
  type Executable,
  type FusedName,
  type InPlacePair,
  type KernelName,
  type MemoryInfo,
  noteAgreement,
  type OpInstance,
  type Plan,
  PlanError,
  type StepTable,
  type TensorData,
  type WorkQueue,
} from "@convoy/core/backend";
import type { MpiGroup } from "./group/mpiGroup.js";
import { StagedExecutable } from "./plan/stagedExecutable.js";

/**
 * A backend of which each process of a group has one: plans run over all of them. It does not tell how much memory is left, which is not the
 * same everywhere: all have to choose alike what goes to the device whole.
 */
export class DistributedBackend implements Backend {
  readonly rank: number;
  readonly size: number;
  readonly name: string;
  readonly device: DeviceInfo;
  readonly fusions: readonly FusedName[];
  readonly unsupportedOps: readonly KernelName[];
  readonly group: MpiGroup;
  readonly #inner: Backend;
  readonly #joined: boolean;
  #noArena: DeviceBuffer | undefined;

  /** @param joined whether the devices of the group add up by themselves */
  constructor(inner: Backend, group: MpiGroup, joined: boolean, details: DeviceInfo["details"]) {
    this.rank = group.rank;
    this.size = group.size;
    this.name = inner.name;
    this.fusions = inner.fusions;
    this.unsupportedOps = (inner.unsupportedOps ?? []).filter((op) => op !== "allReduce");
    this.group = group;
    this.#inner = inner;
    this.#joined = joined;
    this.device = {
      name: `${group.size} processes, each on ${inner.device.name}`,
      details: {
        ...inner.device.details,
        ...details,
        sums: joined ? "by the devices" : "by MPI",
        rank: group.rank,
        size: group.size,
      },
    };
  }

  supports(op: OpInstance): true | string {
    if (op.op === "mixRows" && this.size > 1) {
      return "it mixes each sample with another of the batch, which may be another process's; mix in the data set's map instead";
    }
    return op.op === "allReduce" || this.#inner.supports(op);
  }

  workspaceBytes(op: OpInstance): number {
    return op.op === "allReduce" ? 0 : (this.#inner.workspaceBytes?.(op) ?? 0);
  }

  inPlace(op: OpInstance): readonly InPlacePair[] {
    return op.op === "allReduce" ? [{ input: 0, output: 0 }] : (this.#inner.inPlace?.(op) ?? []);
  }

  createBuffer(label: string, spec: BufferSpec): DeviceBuffer {
    return new QueuedBuffer(this.#inner.createBuffer(label, spec), this.group.queue);
  }

  async compile(
    plan: Plan,
    buffers: Readonly<Record<string, DeviceBuffer>>,
    onProgress?: CompileProgress,
  ): Promise<Executable> {
    const own = Object.fromEntries(Object.entries(buffers).map(([name, buffer]) => [name, innerOf(name, buffer)]));
    const hasSums = plan.ops.some(({ op }) => op === "allReduce");
    if (!hasSums || this.#joined) {
      return new QueuedExecutable(await this.#inner.compile(plan, own, onProgress), this.group, hasSums);
    }
    this.#noArena ??= this.#inner.createBuffer("no arena", { dtype: "uint8", length: 0 });
    const executable = await StagedExecutable.compile(this.#inner, this.group, plan, own, this.#noArena);
    onProgress?.(plan.ops.length, plan.ops.length);
    return executable;
  }

  async synchronize(): Promise<void> {
    await this.group.queue.settled();
    await this.#inner.synchronize();
  }

  memory(): MemoryInfo {
    return this.#inner.memory();
  }

  async dispose(): Promise<void> {
    await this.group.queue.settled();
    await this.#inner.dispose();
  }
}

/** A buffer whose writes and reads keep their place among the runs of the group, which are several runs of the backend each. */
class QueuedBuffer implements DeviceBuffer {
  readonly label: string;
  readonly dtype: DeviceBuffer["dtype"];
  readonly length: number;
  readonly inner: DeviceBuffer;
  readonly #queue: WorkQueue;

  constructor(inner: DeviceBuffer, queue: WorkQueue) {
    this.label = inner.label;
    this.dtype = inner.dtype;
    this.length = inner.length;
    this.inner = inner;
    this.#queue = queue;
  }

  write(data: TensorData, offset = 0): void {
    const kept = this.#queue.idle ? data : data.slice();
    this.#queue.addOrDo(() => this.inner.write(kept, offset));
  }

  read(offset = 0, length = this.length - offset): Promise<TensorData> {
    return this.#queue.add(() => this.inner.read(offset, length));
  }

  dispose(): void {
    this.#queue.addOrDo(() => this.inner.dispose());
  }
}

/** A plan that the backend runs whole, among the runs of the group. */
class QueuedExecutable implements Executable {
  readonly #inner: Executable;
  readonly #group: MpiGroup;
  readonly #isShared: boolean;

  /** @param isShared whether all processes run it together */
  constructor(inner: Executable, group: MpiGroup, isShared: boolean) {
    this.#inner = inner;
    this.#group = group;
    this.#isShared = isShared;
  }

  run(steps: StepTable): Promise<Float32Array> {
    const kept = { count: steps.count, bytes: steps.bytes.slice() };
    return this.#group.queue.add(async () => {
      if (this.#isShared) {
        await this.#group.startRun(kept.count);
      }
      const started = performance.now();
      const results = await this.#inner.run(kept);
      if (this.#isShared) {
        noteAgreement(results, await this.#group.endRun(performance.now() - started));
      }
      return results;
    });
  }

  dispose(): void {
    this.#group.queue.addOrDo(() => this.#inner.dispose());
  }
}

function innerOf(name: string, buffer: DeviceBuffer): DeviceBuffer {
  if (buffer instanceof QueuedBuffer) {
    return buffer.inner;
  }
  throw new PlanError(
    `distributed: buffer "${name}" was made by another backend; make it with this one's createBuffer`,
  );
}
