import type { Backend } from "../../backend/index.js";
import { ConvoyError } from "../../errors.js";
import type { Sequential } from "../../model/index.js";
import type { Plan, PlanOp } from "../../plan/index.js";
import { type ComparisonTolerance, resolveTolerance } from "./compareTensors.js";
import { OpExaminer } from "./examineOp.js";
import { isolatePlan, unfusePlan } from "./isolatePlan.js";
import { type ComparisonBatch, type ModelStep, modelStep, type StepOptions } from "./modelStep.js";
import type { ComparedOp, PlanComparison } from "./planComparison.js";
import { type HostMemory, refusal, runOps } from "./runOps.js";

export interface ComparisonOptions extends StepOptions {
  /**
   * True (the default): B runs its fused ops, each compared with its parts on A. False: B runs every op by itself, so that what
   * differs only with true is a fused kernel.
   */
  readonly fused?: boolean;
  /** How far elements may be apart; of integers, and of inputs that must stay as they are, nothing. */
  readonly tolerance?: ComparisonTolerance;
}

/**
 * Runs one step of a model op by op on two backends and finds the first op, layer and element that differ. Each op gets the
 * same inputs on both, those that backend A computed, so that an error does not spread: every op that differs is wrong by itself.
 * A step of training where the batch has labels (then `options.loss` is needed), else of prediction; from the model's weights as
 * they are, which stay as they are. Frees all that it allocates on either backend.
 *
 * Throws like `fit` for samples that do not fit the model, and `ConvoyError` where a backend fails in an op, naming it.
 *
 * ```ts
 * const report = await comparePlans(model, await reference(), await wasm(), [x, y], { loss: "sparseCategoricalCrossentropy" });
 * console.log(formatComparison(report));
 * ```
 */
export async function comparePlans(
  model: Sequential,
  backendA: Backend,
  backendB: Backend,
  batch: ComparisonBatch,
  options: ComparisonOptions = {},
): Promise<PlanComparison> {
  const { fused = true } = options;
  const tolerance = resolveTolerance(options.tolerance ?? {});
  const step = await modelStep(model, backendB, fused, batch, options);
  const run = new ComparisonRun(backendA, backendB, step, tolerance);
  const ops: ComparedOp[] = [];
  for (const op of run.ops) {
    ops.push(await run.compare(op));
  }
  const first = ops.find(({ difference }) => difference !== undefined)?.difference;
  const { mode, batchSize } = step.plan;
  const named = ({ name, device }: Backend): string => `${name} (${device.name})`;
  return { mode, batchSize, fused, a: named(backendA), b: named(backendB), ops, ...(first ? { first } : {}) };
}

/** A step that goes through its ops on two backends side by side. */
class ComparisonRun {
  readonly #a: Backend;
  readonly #b: Backend;
  readonly #step: ModelStep;
  /** As B runs it. */
  readonly #planB: Plan;
  /** As A does: the fused ops taken apart, over the same buffers. */
  readonly #planA: Plan;
  readonly #examiner: OpExaminer;
  /** What both find before the next op. */
  #memory: HostMemory;

  constructor(a: Backend, b: Backend, step: ModelStep, tolerance: Required<ComparisonTolerance>) {
    this.#a = a;
    this.#b = b;
    this.#step = step;
    this.#planB = isolatePlan(step.plan);
    this.#planA = unfusePlan(this.#planB);
    this.#examiner = new OpExaminer(this.#planA.values, step.layout, tolerance);
    this.#memory = step.contents;
  }

  get ops(): readonly PlanOp[] {
    return this.#planB.ops;
  }

  /** Runs an op on both, compares what it wrote, and goes on with what A made of it. */
  async compare(op: PlanOp): Promise<ComparedOp> {
    const a = await this.#run(this.#a, this.#planA, op.parts ?? [op], op);
    const b = await this.#run(this.#b, this.#planB, [op], op);
    const next = a.memory ?? b.memory;
    if (next === undefined) {
      throw new ConvoyError(
        `comparePlans: no backend can run ${op.op} (${op.label}): ${a.refused}; ${b.refused}. ` +
          "Pass the reference, which has every op, as backend A",
      );
    }
    this.#memory = new Map([...this.#memory, ...next]);
    const described = { op: op.op, ...(op.parts ? { parts: op.parts.map((part) => part.op) } : {}), layer: op.label };
    return a.memory === undefined || b.memory === undefined
      ? {
          ...described,
          status: "unsupported",
          reason: (a.refused ?? b.refused)!,
          elements: 0,
          maxError: 0,
          differing: 0,
        }
      : { ...described, ...this.#examiner.examine(op, a.memory, b.memory) };
  }

  async #run(backend: Backend, plan: Plan, ops: readonly PlanOp[], whole: PlanOp): Promise<Outcome> {
    const refused = refusal(backend, plan, ops);
    if (refused !== undefined) {
      return { refused: `${backend.name}: ${refused}` };
    }
    try {
      return { memory: await runOps(backend, plan, ops, this.#memory, this.#step.steps) };
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      throw new ConvoyError(`comparePlans: ${backend.name} failed in ${whole.op} (${whole.label}): ${message}`, {
        cause: error,
      });
    }
  }
}

/** What the buffers of an op hold after it, or why the backend does not run it. */
interface Outcome {
  readonly memory?: HostMemory;
  readonly refused?: string;
}
