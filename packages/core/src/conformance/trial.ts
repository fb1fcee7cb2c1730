import { type Backend, bindPlan, type DeviceBuffer, type Executable, expectSupported } from "../backend/index.js";
import { sizeOf } from "../ops/definition.js";
import { type LoweringTarget, lower, type Plan, typedArrays } from "../plan/index.js";
import type { TensorData } from "../tensor.js";
import type { Experiment, PlacedTensor } from "./experiment.js";

/** An experiment on one backend: compiled, with its buffers. */
export class Trial {
  readonly plan: Plan;
  readonly #experiment: Experiment;
  readonly #buffers: ReadonlyMap<string, DeviceBuffer>;
  readonly #executable: Executable;

  private constructor(experiment: Experiment, plan: Plan, buffers: Map<string, DeviceBuffer>, executable: Executable) {
    this.#experiment = experiment;
    this.plan = plan;
    this.#buffers = buffers;
    this.#executable = executable;
  }

  /** Throws `UnsupportedOpError` for an op that the backend says it does not support. */
  static async open(backend: Backend, experiment: Experiment, target?: LoweringTarget): Promise<Trial> {
    const plan = planFor(backend, experiment, target);
    expectSupported(backend.name, bindPlan("plan", plan, (value) => value).ops, (op) => backend.supports(op));
    const buffers = new Map<string, DeviceBuffer>();
    try {
      for (const [name, spec] of Object.entries(plan.buffers)) {
        buffers.set(name, backend.createBuffer(name, spec));
      }
      buffers.set("arena", backend.createBuffer("arena", { dtype: "uint8", length: Math.max(plan.arenaBytes, 1) }));
      const executable = await backend.compile(plan, Object.fromEntries(buffers));
      return new Trial(experiment, plan, buffers, executable);
    } catch (error) {
      for (const buffer of buffers.values()) {
        buffer.dispose();
      }
      throw error;
    }
  }

  /** Fills every buffer with one byte, then writes the inputs. Returns what each buffer holds now. */
  prepare(garbage: number): Map<string, TensorData> {
    const contents = new Map<string, TensorData>();
    for (const [name, buffer] of this.#buffers) {
      const content = new typedArrays[buffer.dtype](buffer.length);
      new Uint8Array(content.buffer).fill(garbage);
      for (const { data, offset } of this.#experiment.tensors.filter((tensor) => tensor.buffer === name)) {
        content.set(data?.() ?? [], offset);
      }
      buffer.write(content);
      contents.set(name, content);
    }
    contents.delete("arena");
    return contents;
  }

  run(): Promise<Float32Array> {
    return this.#executable.run(this.#experiment.steps);
  }

  /** What every buffer but the arena holds. */
  async contents(): Promise<Map<string, TensorData>> {
    const names = [...this.#buffers.keys()].filter((name) => name !== "arena");
    return new Map(
      await Promise.all(names.map(async (name) => [name, await this.#buffers.get(name)!.read()] as const)),
    );
  }

  /** Replaces the content of one input. */
  write({ buffer, offset }: PlacedTensor, data: TensorData): void {
    this.#buffers.get(buffer)!.write(data, offset);
  }

  close(): void {
    this.#executable.dispose();
    for (const buffer of this.#buffers.values()) {
      buffer.dispose();
    }
  }
}

/** A tensor's part of its buffer. */
export function tensorOf(
  { buffer, offset, shape }: PlacedTensor,
  contents: ReadonlyMap<string, TensorData>,
): TensorData {
  return contents.get(buffer)!.subarray(offset, offset + sizeOf(shape));
}

/** What lowering asks of a backend for an experiment. */
export function targetOf(backend: Backend, { fused }: Pick<Experiment, "fused">): LoweringTarget {
  return {
    fusions: fused ? backend.fusions : [],
    supports: (op) => backend.supports(op),
    workspaceBytes: (op) => backend.workspaceBytes?.(op) ?? 0,
    inPlace: (op) => backend.inPlace?.(op) ?? [],
  };
}

/** The plan of an experiment as this backend runs it. */
export function planFor(
  backend: Backend,
  experiment: Experiment,
  target: LoweringTarget = targetOf(backend, experiment),
): Plan {
  const results = experiment.results.map(({ value }) => value);
  return lower(experiment.graph, { mode: "test", batchSize: 1, results, target });
}
