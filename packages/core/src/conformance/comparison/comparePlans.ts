import type { Backend } from "../../backend/index.js";
import { ConvoyError } from "../../errors.js";
import type { Model } from "../../model/index.js";
import type { Plan, PlanOp } from "../../plan/index.js";
import { type ComparisonTolerance, resolveTolerance } from "./compareTensors.js";
import { OpExaminer } from "./examineOp.js";
import { isolatePlan, unfusePlan, withoutWorkspaces } from "./isolatePlan.js";
import { type ComparisonBatch, type ModelStep, modelStep, type StepOptions } from "./modelStep.js";
import type { ComparedOp, PlanComparison, StepDifference } from "./planComparison.js";
import { type HostMemory, type PlanOutcome, refusal, runOps, runPlan } from "./runOps.js";
import { compareWholeStep } from "./wholeStep.js";

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
 * In the end backend B runs the whole step, which must give what its ops gave one by one.
 *
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
  model: Model<unknown>,
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
  const { status: wholeStep, difference: wholeStepDifference } = await run.wholeStep();
  const first = ops.find(({ difference }) => difference !== undefined)?.difference;
  const { mode, batchSize } = step.plan;
  const named = ({ name, device }: Backend): string => `${name} (${device.name})`;
  return {
    ...{ mode, batchSize, fused, a: named(backendA), b: named(backendB), ops, wholeStep },
    ...(wholeStepDifference ? { wholeStepDifference } : {}),
    ...(first ? { first } : {}),
  };
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
  readonly #tolerance: Required<ComparisonTolerance>;
  readonly #examiner: OpExaminer;
  /** What both find before the next op. */
  #memory: HostMemory;
  /** What B finds there when it goes on with what it computed itself; undefined once it lacks an op. */
  #ownMemory: HostMemory | undefined;

  constructor(a: Backend, b: Backend, step: ModelStep, tolerance: Required<ComparisonTolerance>) {
    this.#a = a;
    this.#b = b;
    this.#step = step;
    this.#planB = withoutWorkspaces(isolatePlan(step.plan));
    this.#planA = unfusePlan(this.#planB);
    this.#examiner = new OpExaminer(this.#planA.values, step.layout, tolerance);
    this.#tolerance = tolerance;
    this.#memory = step.contents;
    this.#ownMemory = step.contents;
  }

  get ops(): readonly PlanOp[] {
    return this.#planB.ops;
  }

  /** Runs an op on both, compares what it wrote, and goes on with what A made of it. */
  async compare(op: PlanOp): Promise<ComparedOp> {
    const a = await this.#run(this.#a, this.#planA, op.parts ?? [op], op, this.#memory);
    const b = await this.#run(this.#b, this.#planB, [op], op, this.#memory);
    const own =
      b.memory && this.#ownMemory && (await this.#run(this.#b, this.#planB, [op], op, this.#ownMemory)).memory;
    const next = a.memory ?? b.memory;
    if (next === undefined) {
      throw new ConvoyError(
        `comparePlans: no backend can run ${op.op} (${op.label}): ${a.refused}; ${b.refused}. ` +
          "Pass the reference, which has every op, as backend A",
      );
    }
    this.#memory = new Map([...this.#memory, ...next]);
    this.#ownMemory = own && new Map([...this.#ownMemory!, ...own]);
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

  /** Runs the whole step on B, as a model would, after all ops were compared. */
  async wholeStep(): Promise<{ status: PlanComparison["wholeStep"]; difference?: StepDifference }> {
    if (this.#ownMemory === undefined) {
      return { status: "unsupported" };
    }
    const { plan, contents, steps } = this.#step;
    let whole: PlanOutcome;
    try {
      whole = await runPlan(this.#b, plan, contents, steps);
    } catch (error) {
      throw failure(this.#b, "the whole step", error);
    }
    const values = new Map(this.#planB.values.map((value) => [value.id, value]));
    const difference = compareWholeStep(this.#step, whole, this.#ownMemory, values, this.#tolerance);
    return difference === undefined ? { status: "agrees" } : { status: "differs", difference };
  }

  async #run(
    backend: Backend,
    plan: Plan,
    ops: readonly PlanOp[],
    { op, label }: PlanOp,
    memory: HostMemory,
  ): Promise<Outcome> {
    const refused = refusal(backend, plan, ops);
    if (refused !== undefined) {
      return { refused: `${backend.name}: ${refused}` };
    }
    try {
      return { memory: await runOps(backend, plan, ops, memory, this.#step.steps) };
    } catch (error) {
      throw failure(backend, `${op} (${label})`, error);
    }
  }
}

function failure({ name }: Backend, what: string, error: unknown): ConvoyError {
  const message = error instanceof Error ? error.message : String(error);
  return new ConvoyError(`comparePlans: ${name} failed in ${what}: ${message}`, { cause: error });
}

/** What the buffers of an op hold after it, or why the backend does not run it. */
interface Outcome {
  readonly memory?: HostMemory;
  readonly refused?: string;
}
