import type { Backend } from "@convoy/core";
import { type DeviceBuffer, type Plan, type StepTable, stepBytes, stepLayout } from "@convoy/core/backend";
import type { MoveResult } from "../report/opResult.js";
import { type MovingOp, movingOps } from "./movingOps.js";
import { stepTable } from "./opBuffers.js";
import { type SingleOp, singleOpPlan } from "./singleOpPlan.js";

/** Images whose tensors fit second-level caches together, and images that leave third-level ones. */
export const moveSizes = { cache: [2, 28, 28, 32], memory: [8, 56, 56, 256] } as const;

/** How long an op and the copy beside it are measured. */
export interface MoveTiming {
  /** Minimum length of the runs that are started together. */
  readonly runMs: number;
  /** Runs of both, in turns. */
  readonly rounds: number;
}

const usualTiming: MoveTiming = { runMs: 2, rounds: 11 };
const maxSteps = 2048;
/** A period of random numbers that no dimension divides. */
const period = 4099;

/** Measures every op that moves bytes in turns with a copy of as many. `onOp` is told how many are done. */
export async function measureMoves(
  backend: Backend,
  filter: string,
  onOp: (done: number, of: number) => void = () => undefined,
  sizes: Readonly<Record<string, readonly [number, number, number, number]>> = moveSizes,
  timing: MoveTiming = usualTiming,
): Promise<MoveResult[]> {
  const chosen = Object.entries(sizes).flatMap(([size, images]) =>
    movingOps(images)
      .filter(({ single, detail }) => `${single.op} ${detail}`.toLowerCase().includes(filter.toLowerCase()))
      .map((moving) => ({ size, moving })),
  );
  const results: MoveResult[] = [];
  for (const { size, moving } of chosen) {
    results.push(await measureMove(backend, size, moving, timing));
    onOp(results.length, chosen.length);
  }
  return results;
}

async function measureMove(
  backend: Backend,
  size: string,
  { single, detail, bound, bytes: own }: MovingOp,
  { runMs, rounds }: MoveTiming,
): Promise<MoveResult> {
  const plan = singleOpPlan(backend, single);
  const bytes = own ?? plan.ops[0]!.bytes;
  const op = await startOp(backend, plan, runMs);
  const copy = await startOp(backend, singleOpPlan(backend, copyOf(bytes)), runMs);
  try {
    const pairs: [number, number][] = [];
    for (let round = 0; round < rounds; round++) {
      pairs.push([await op.time(), await copy.time()]);
    }
    return {
      ...{ op: single.op, detail, size, bytes, bound: bound ?? null },
      medianUs: median(pairs.map(([us]) => us)),
      copyUs: median(pairs.map(([, us]) => us)),
      ofCopy: median(pairs.map(([us, copyUs]) => copyUs / us)),
    };
  } finally {
    op.dispose();
    copy.dispose();
  }
}

function median(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[values.length >> 1]!;
}

/** An op that reads and writes so many bytes together and does nothing else. */
function copyOf(bytes: number): SingleOp {
  const row = 1024;
  const rows = Math.max(1, Math.round(bytes / 8 / row));
  return { op: "concat", attributes: { axis: 0 }, inputs: [{ shape: [rows, row], dtype: "float32" }] };
}

/** The op of a plan, ready to run: so many at once that they take `runMs`. */
async function startOp(backend: Backend, plan: Plan, runMs: number) {
  const buffers: Record<string, DeviceBuffer> = {
    arena: backend.createBuffer("arena", { dtype: "uint8", length: Math.max(1, plan.arenaBytes) }),
  };
  for (const value of plan.values.filter(({ label }) => label in plan.buffers)) {
    const spec = plan.buffers[value.label]!;
    buffers[value.label] = backend.createBuffer(value.label, spec);
    // Whole numbers are labels, positions in a window, or rows: 0 and 1 are right for all of them.
    const content = {
      float32: () => repeated(new Float32Array(spec.length), (i) => ((i * 37) % period) / period + 0.01),
      int32: () => repeated(new Int32Array(spec.length), (i) => (i * 37) & 1),
      uint8: () => repeated(new Uint8Array(spec.length), (i) => i & 255),
    }[spec.dtype];
    buffers[value.label]!.write(content());
  }
  const executable = await backend.compile(plan, buffers);
  let table = steps(1);
  const run = async (): Promise<number> => {
    const start = performance.now();
    await executable.run(table);
    return performance.now() - start;
  };
  await run();
  for (let ms = await run(); ms < runMs && table.count < maxSteps; ms = await run()) {
    table = steps(table.count * 2);
  }
  return {
    /** Microseconds of one run. */
    time: async () => ((await run()) * 1000) / table.count,
    dispose(): void {
      executable.dispose();
      for (const buffer of Object.values(buffers)) {
        buffer.dispose();
      }
    },
  };
}

/** Numbers that repeat after a period: computing each of millions takes longer than measuring. */
function repeated<T extends Float32Array | Int32Array | Uint8Array>(content: T, valueAt: (index: number) => number): T {
  const first = Math.min(period, content.length);
  for (let index = 0; index < first; index++) {
    content[index] = valueAt(index);
  }
  for (let filled = first; filled < content.length; filled *= 2) {
    content.copyWithin(filled, 0, Math.min(filled, content.length - filled));
  }
  return content;
}

/** Steps with small rates: with none at all what decays would become denormal. */
function steps(count: number): StepTable {
  const table = stepTable(count);
  const view = new DataView(table.bytes.buffer);
  for (let row = 0; row < count; row++) {
    for (const word of [stepLayout.learningRate, stepLayout.stepSize, stepLayout.gradientStep]) {
      view.setFloat32(row * stepBytes + word * 4, 1e-6, true);
    }
    view.setFloat32(row * stepBytes + stepLayout.secondMomentScale * 4, 1, true);
  }
  return table;
}
