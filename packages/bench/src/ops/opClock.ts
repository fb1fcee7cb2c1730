import type { Backend, Model } from "@convoy/core";
import type { Executable, Plan } from "@convoy/core/backend";
import { isolatePlan, planOfOps } from "@convoy/core/conformance";
import type { LabelledImages } from "@convoy/core/datasets";
import { median } from "../training/percentile.js";
import { fillBuffers, type OpBuffers, stepTable } from "./opBuffers.js";
import { opShapes } from "./opShapes.js";

/** Runs of an op are started together until they take so many milliseconds: starting them does not count then. */
const runMs = 2;
const maxSteps = 4096;

/** What does not vary from run to run. */
export type Counts = Readonly<Record<string, number>>;

interface TimedOp {
  readonly name: string;
  readonly executable: Executable;
  /** How many runs are started together. */
  steps: number;
}

/** The ops of a training step, compiled one by one, to be timed again and again. */
export class OpClock {
  readonly #ops: readonly TimedOp[];
  readonly #buffers: OpBuffers;

  private constructor(ops: readonly TimedOp[], buffers: OpBuffers) {
    this.#ops = ops;
    this.#buffers = buffers;
  }

  /** Takes the training step of a model apart, on the data that it sees in training. */
  static async prepare(backend: Backend, model: Model, images: LabelledImages): Promise<OpClock> {
    const plan = isolatePlan(trainingPlan(model, images.labels.data.length));
    const buffers = await fillBuffers(backend, plan, await model.getWeights(), images);
    const ops: TimedOp[] = [];
    for (const [index, op] of plan.ops.entries()) {
      const single = planOfOps(plan, [op]);
      const bound = Object.fromEntries(Object.keys(single.buffers).map((name) => [name, buffers[name]!]));
      const executable = await backend.compile(single, { ...bound, arena: buffers.arena! });
      ops.push({ name: `${index + 1}. ${op.op} ${opShapes(op, plan)}`, executable, steps: 1 });
    }
    return new OpClock(ops, buffers);
  }

  /** The ops in order. */
  get names(): string[] {
    return this.#ops.map(({ name }) => name);
  }

  /** Microseconds of an op, measured for about so many milliseconds: the median. */
  async time(name: string, budgetMs: number): Promise<number> {
    const op = this.#ops.find((each) => each.name === name);
    if (op === undefined) {
      throw new Error(`the training step has no op ${name}, only ${this.names.join("; ")}`);
    }
    const run = async (): Promise<number> => {
      const start = performance.now();
      await op.executable.run(stepTable(op.steps));
      return performance.now() - start;
    };
    for (let ms = await run(); ms < runMs && op.steps < maxSteps; ms = await run()) {
      op.steps *= 2;
    }
    const durations: number[] = [];
    const end = performance.now() + budgetMs;
    do {
      durations.push(((await run()) * 1000) / op.steps);
    } while (performance.now() < end);
    return median(durations) as number;
  }

  dispose(): void {
    for (const { executable } of this.#ops) {
      executable.dispose();
    }
    for (const buffer of Object.values(this.#buffers)) {
      buffer.dispose();
    }
  }
}

/** The plan of a training step as the backend runs it. */
export function trainingPlan(model: Model, batchSize: number): Plan {
  return model.plan({ mode: "train", batchSize, print: () => undefined });
}

/** What a training step consists of. */
export function countsOf(backend: Backend, plan: Plan): Counts {
  const launches = backend.launches?.(plan);
  return {
    FLOPs: plan.ops.reduce((sum, op) => sum + op.flops, 0),
    ops: plan.ops.length,
    "bytes of the arena": plan.arenaBytes,
    ...(launches === undefined ? {} : { launches }),
  };
}
