import type { Backend } from "@convoy/core";
import type { Plan } from "@convoy/core/backend";
import { Bench } from "tinybench";
import { type OpBuffers, stepTable } from "./opBuffers.js";

/** How long an op is measured. */
export interface OpTiming {
  readonly timeMs: number;
  readonly warmupMs: number;
  /** Minimum length of the runs that are started together, so that starting them does not count. */
  readonly runMs: number;
}

export const usualTiming: OpTiming = { timeMs: 300, warmupMs: 50, runMs: 3 };
/** Minimum number of measurements, however long each takes. */
const minIterations = 3;
const maxSteps = 4096;

/** Milliseconds of one run of the op, many of them started together. */
export async function timeOp(
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
