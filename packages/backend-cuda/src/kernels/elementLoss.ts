import { sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { ArgumentsOf } from "./arguments/pack.js";
import { blocksFor, type Launch, launch, sharedBlocksFor } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext } from "./opKernel.js";
import { rowSums, rowsAndColumns } from "./rowSums.js";

/** Grid and arguments of a loss that is a sum over elements. */
export function elementLoss(
  op: DeviceOp,
  context: LaunchContext,
): { readonly grid: readonly [number, number]; readonly values: ArgumentsOf<"meanSquaredError"> } {
  const [x, t, weights] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor?];
  const [, columns] = rowsAndColumns(x.shape);
  const count = sizeOf(x.shape);
  const blocks = Math.min(blocksFor(count), context.multiprocessors * 2);
  const sums = rowSums(1, blocks, context);
  const values = { x, t, weights, loss: op.outputs[0]!, sums, byC: divisorOf(columns), count };
  return { grid: [blocks, 1], values };
}

/** The gradient of such a loss: `scale` / columns times the weight times the difference of both inputs. */
export function differenceGradient(op: DeviceOp, scale: number, { multiprocessors }: LaunchContext): Launch {
  const [x, t, weights] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor?];
  const [, columns] = rowsAndColumns(x.shape);
  const count = sizeOf(x.shape);
  return launch("differenceGradient", [sharedBlocksFor(count, multiprocessors), 1], {
    x,
    t,
    weights,
    dx: op.outputs[0]!,
    factor: scale / columns,
    byC: divisorOf(columns),
    count,
  });
}
