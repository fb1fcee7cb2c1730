import type { Backend } from "@convoy/core";
import type { Plan, PlanOp } from "@convoy/core/backend";
import { isolatePlan, planOfOps } from "@convoy/core/conformance";
import { buildNetwork, type ModelName, syntheticShape } from "../networks/models.js";
import type { OpResult } from "../report/opResult.js";
import { drawImages } from "../training/syntheticImages.js";
import { networkPlans, opModels } from "./networkPlans.js";
import { fillBuffers } from "./opBuffers.js";
import { opKey, opShapes } from "./opShapes.js";
import { type OpTiming, timeOp, usualTiming } from "./timeOp.js";

/** One op out of a network's plan. */
interface FoundOp {
  readonly op: PlanOp;
  readonly usedBy: string[];
}

/**
 * Measures the ops of some networks one by one, each on the data that it sees in training.
 * @param filter only ops whose name or shapes contain it, whatever the case
 */
export async function measureOps(
  backend: Backend,
  batchSize: number,
  filter: string,
  models: readonly ModelName[] = opModels,
  timing: OpTiming = usualTiming,
): Promise<OpResult[]> {
  const found = new Map<string, FoundOp>();
  const results: OpResult[] = [];
  for (const { model, mode, plan } of networkPlans(backend, batchSize, models)) {
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
  const images = drawImages(syntheticShape(model), plan.batchSize, 0);
  const buffers = await fillBuffers(backend, plan, await buildNetwork(model, 0).getWeights(), images);
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
