import {
  type Backend,
  type DeviceBuffer,
  type Executable,
  noteAgreement,
  type Plan,
  type PlanOp,
  type StepTable,
  stepBytes,
} from "@convoy/core/backend";
import type { MpiGroup } from "../group/mpiGroup.js";
import { stagesOf } from "./stages.js";
import { SumsOverHost } from "./sumsOverHost.js";

/** Takes the arena's place in the parts of a plan: what lies there has to outlive a part. */
const scratchName = "scratch";

/** What a step goes through. */
type Part =
  | { readonly kind: "run"; readonly executable: Executable }
  | { readonly kind: "start" | "finish"; readonly sums: SumsOverHost };

/** A plan with sums over ranks on a backend that knows nothing of them: it runs what lies between. */
export class StagedExecutable implements Executable {
  readonly #group: MpiGroup;
  readonly #parts: readonly Part[];
  readonly #resultCount: number;

  private constructor(group: MpiGroup, parts: readonly Part[], resultCount: number) {
    this.#group = group;
    this.#parts = parts;
    this.#resultCount = resultCount;
  }

  /** @param buffers those of `backend`, and an empty arena for what needs none */
  static async compile(
    backend: Backend,
    group: MpiGroup,
    plan: Plan,
    { arena, ...buffers }: Readonly<Record<string, DeviceBuffer>>,
    noArena: DeviceBuffer,
  ): Promise<StagedExecutable> {
    const bound = { ...buffers, [scratchName]: arena! };
    const whole = withScratch(plan);
    const sums = new Map<number, SumsOverHost>();
    const stages = stagesOf(whole);
    const lastRun = stages.findLastIndex(({ kind }) => kind === "run");
    const parts: Part[] = [];
    for (const [position, stage] of stages.entries()) {
      if (stage.kind === "run") {
        // All that a step reports is there when its last ops run.
        const part = partOf(whole, stage.ops, position === lastRun ? whole.results : []);
        const executable = await backend.compile(part, { ...pick(bound, part), arena: noArena });
        parts.push({ kind: "run", executable });
      } else {
        if (stage.kind === "start") {
          sums.set(stage.id, new SumsOverHost(backend, group, bound, stage.sums));
        }
        parts.push({ kind: stage.kind, sums: sums.get(stage.id)! });
      }
    }
    return new StagedExecutable(group, parts, plan.results.length);
  }

  run(steps: StepTable): Promise<Float32Array> {
    // The caller may reuse the table as soon as this returns.
    const table = steps.bytes.slice();
    return this.#group.queue.add(async () => {
      await this.#group.startRun(steps.count);
      const started = performance.now();
      const results = new Float32Array(steps.count * this.#resultCount);
      for (let step = 0; step < steps.count; step++) {
        const row = { count: 1, bytes: table.subarray(step * stepBytes, (step + 1) * stepBytes) };
        results.set(await this.#runStep(row), step * this.#resultCount);
      }
      noteAgreement(results, await this.#group.endRun(performance.now() - started));
      return results;
    });
  }

  dispose(): void {
    // A step that has been asked for is several runs of the backend, some of which it has not been given yet.
    this.#group.queue.addOrDo(() => {
      for (const part of this.#parts) {
        if (part.kind === "run") {
          part.executable.dispose();
        }
      }
    });
  }

  async #runStep(row: StepTable): Promise<Float32Array> {
    let results = new Float32Array(0);
    for (const part of this.#parts) {
      if (part.kind === "run") {
        results = (await part.executable.run(row)) as Float32Array<ArrayBuffer>;
      } else {
        await part.sums[part.kind]();
      }
    }
    return results;
  }
}

function withScratch(plan: Plan): Plan {
  return {
    ...plan,
    values: plan.values.map((value) => (value.buffer === "arena" ? { ...value, buffer: scratchName } : value)),
    buffers: { ...plan.buffers, [scratchName]: { dtype: "uint8", length: plan.arenaBytes } },
    arenaBytes: 0,
  };
}

/** Some ops of a plan, with the values and buffers that they name. */
function partOf(plan: Plan, ops: readonly PlanOp[], results: readonly number[]): Plan {
  const idsOf = ({ inputs, outputs, updates, workspace, parts = [] }: PlanOp): number[] => [
    ...inputs,
    ...outputs,
    ...updates,
    ...(workspace === undefined ? [] : [workspace]),
    ...parts.flatMap(idsOf),
  ];
  const used = new Set([...ops.flatMap(idsOf), ...results]);
  const values = plan.values.filter(({ id }) => used.has(id));
  const named = new Set(values.map(({ buffer }) => buffer));
  const buffers = Object.fromEntries(Object.entries(plan.buffers).filter(([name]) => named.has(name)));
  return { ...plan, values, ops, buffers, results };
}

function pick(buffers: Readonly<Record<string, DeviceBuffer>>, plan: Plan): Record<string, DeviceBuffer> {
  return Object.fromEntries(Object.keys(plan.buffers).map((name) => [name, buffers[name]!]));
}
