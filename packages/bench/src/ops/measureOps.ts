import type { Backend } from "@convoy/core";
import type { Plan, PlanOp } from "@convoy/core/backend";
import { isolatePlan, planOfOps } from "@convoy/core/conformance";
import { Bench } from "tinybench";
import { buildNetwork, type ModelName } from "../networks/models.js";
import type { OpResult } from "../report/opResult.js";
import { networkPlans } from "./networkPlans.js";
import { fillBuffers, type OpBuffers, stepTable } from "./opBuffers.js";
import { opKey, opShapes } from "./opShapes.js";

/** How long an op is measured. */
export interface OpTiming {
  readonly timeMs: number;
  readonly warmupMs: number;
  /** Minimum length of the runs that are started together, so that starting them does not count. */
  readonly runMs: number;
}

const usualTiming: OpTiming = { timeMs: 300, warmupMs: 50, runMs: 3 };
/** Minimum number of measurements, however long each takes. */
const minIterations = 3;
const maxSteps = 4096;

/** One op out of a network's plan. */
interface FoundOp {
  readonly op: PlanOp;
  readonly usedBy: string[];
}

/**
 * Measures the ops of both networks one by one, each on the data that it sees in training.
 * @param filter only ops whose name or shapes contain it, whatever the case
 */
export async function measureOps(
  backend: Backend,
  batchSize: number,
  filter: string,
  timing: OpTiming = usualTiming,
): Promise<OpResult[]> {
  const found = new Map<string, FoundOp>();
  const results: OpResult[] = [];
  for (const { model, mode, plan } of networkPlans(backend, batchSize)) {
    const fresh: FoundOp[] = [];
    for (const op of plan.ops.filter((candidate) => matches(candidate, plan, filter))) {
      const key = opKey(op, plan);
      const known = found.get(key) ?? { op, usedBy: [] };
      if (known.usedBy.length === 0) {
        found.set(key, known);
        fresh.push(known);
      }
      if (!known.usedBy.includes(`${model} ${mode}`)) {
        known.usedBy.push(`${model} ${mode}`);
      }
    }
    if (fresh.length > 0) {
      results.push(...(await measureFound(backend, model, plan, fresh, timing)));
    }
  }
  return results;
}

function matches(op: PlanOp, plan: Plan, filter: string): boolean {
  return `${op.op} ${opShapes(op, plan)}`.toLowerCase().includes(filter.toLowerCase());
}

/** Measures some ops of one plan over its buffers. */
async function measureFound(
  backend: Backend,
  model: ModelName,
  shared: Plan,
  found: readonly FoundOp[],
  timing: OpTiming,
): Promise<OpResult[]> {
  const plan = isolatePlan(shared);
  const buffers = await fillBuffers(backend, plan, await buildNetwork(model, 0).getWeights());
  try {
    const results: OpResult[] = [];
    for (const { op, usedBy } of found) {
      const { medianMs, errorPercent } = await timeOp(backend, planOfOps(plan, [op]), buffers, timing);
      results.push({
        op: op.op,
        shapes: opShapes(op, plan),
        usedBy,
        flops: op.flops,
        bytes: op.bytes,
        medianUs: medianMs * 1000,
        errorPercent,
        gflops: op.flops === 0 ? null : op.flops / (medianMs * 1e6),
        gigabytesPerSecond: op.bytes / (medianMs * 1e6),
      });
    }
    return results;
  } finally {
    for (const buffer of Object.values(buffers)) {
      buffer.dispose();
    }
  }
}

/** Milliseconds of one run of the op, many of them started together. */
async function timeOp(
  backend: Backend,
  plan: Plan,
  all: OpBuffers,
  { timeMs, warmupMs, runMs }: OpTiming,
): Promise<{ medianMs: number; errorPercent: number }> {
  const buffers = Object.fromEntries(Object.keys(plan.buffers).map((name) => [name, all[name]!]));
  const executable = await backend.compile(plan, { ...buffers, arena: all.arena! });
  try {
    let table = stepTable(1);
    const run = async (): Promise<number> => {
      const start = performance.now();
      await executable.run(table);
      return performance.now() - start;
    };
    // The first run may still build things.
    await run();
    for (let durationMs = await run(); durationMs < runMs && table.count < maxSteps; durationMs = await run()) {
      table = stepTable(table.count * 2);
    }
    const bench = new Bench({
      time: timeMs,
      iterations: minIterations,
      warmupTime: warmupMs,
      warmupIterations: 1,
      throws: true,
    });
    bench.add(plan.ops[0]!.op, async () => {
      const durationMs = await run();
      return { overriddenDuration: durationMs / table.count, overriddenIterationCost: durationMs };
    });
    const [task] = await bench.run();
    const result = task!.result;
    if (result.state !== "completed") {
      throw new Error(`measuring ${plan.ops[0]!.op} ended as ${result.state}`);
    }
    return { medianMs: result.latency.p50, errorPercent: result.latency.rme };
  } finally {
    executable.dispose();
  }
}
