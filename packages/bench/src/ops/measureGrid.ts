import type { Backend } from "@convoy/core";
import type { DeviceBuffer } from "@convoy/core/backend";
import type { GridCell } from "../report/opResult.js";
import { convolutionPlan } from "./convolutionPlan.js";
import { type GridShape, gridShapes } from "./gridShapes.js";
import { type OpTiming, timeOp } from "./timeOp.js";

const gridTiming: OpTiming = { timeMs: 80, warmupMs: 10, runMs: 3 };
/** A period of random numbers that no dimension of the grid divides: filling gigabytes with new ones takes longer than measuring. */
const period = 4099;

/** Measures every convolution of the grid on random numbers without zeros. `onCell` is told how many are done. */
export async function measureGrid(
  backend: Backend,
  shapes: readonly GridShape[] = gridShapes(),
  onCell: (done: number, of: number) => void = () => undefined,
  timing: OpTiming = gridTiming,
): Promise<GridCell[]> {
  const cells: GridCell[] = [];
  for (const shape of shapes) {
    cells.push(await measureCell(backend, shape, timing));
    onCell(cells.length, shapes.length);
  }
  return cells;
}

async function measureCell(backend: Backend, shape: GridShape, timing: OpTiming): Promise<GridCell> {
  const plan = convolutionPlan(backend, shape);
  const buffers: Record<string, DeviceBuffer> = {};
  try {
    buffers.arena = backend.createBuffer("arena", { dtype: "uint8", length: Math.max(1, plan.arenaBytes) });
    for (const [name, spec] of Object.entries(plan.buffers)) {
      buffers[name] = backend.createBuffer(name, spec);
      if (name.startsWith("input")) {
        buffers[name].write(
          Float32Array.from({ length: spec.length }, (_, index) => ((index * 37) % period) / period - 0.5),
        );
      }
    }
    const { medianMs } = await timeOp(backend, plan, buffers, timing);
    const { flops } = plan.ops[0] as (typeof plan.ops)[number];
    return { ...shape, medianUs: medianMs * 1000, gflops: flops / (medianMs * 1e6) };
  } finally {
    for (const buffer of Object.values(buffers)) {
      buffer.dispose();
    }
  }
}
