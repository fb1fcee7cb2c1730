import { attributesOf } from "@convoy/core/backend";
import { fillNumbers } from "../program/constants.js";
import type { SharedArguments } from "../program/kernelLayout.js";
import { launch, rowBlocks } from "../program/launch.js";
import type { OpEncoder, Operand, WasmOp } from "../program/opWriter.js";

/** Elements of one task: finding a pixel takes a few nanoseconds. */
const taskElements = 4096;

/** y = scale v + offset of what `warp2d` gives. */
export interface Scaling {
  readonly scale: number;
  readonly offset: number;
}

/** Arguments and tasks of a `warp2d` whose result, as `y`, is scaled; its fill value is not. */
export function warping(
  warp: WasmOp,
  y: Operand,
  { scale, offset }: Scaling,
  fillValue: number,
): { tasks: number; args: SharedArguments<"warping"> } {
  const [x, transforms] = warp.inputs;
  const { interpolation, fillMode, fractionBits } = attributesOf("warp2d", warp);
  const [, H, W, C] = x!.shape as [number, number, number, number];
  const [N, OH, OW] = y.shape as [number, number, number];
  const { block, tasks: pieces } = rowBlocks(OH, OW * C, taskElements);
  const bilinear = Number(interpolation === "bilinear");
  const places = { transforms: transforms!.address, y: y.address };
  const filling = { fillMode: fillNumbers[fillMode], fillValue, fractionBits };
  return {
    tasks: N * pieces,
    args: { ...places, H, W, C, OH, OW, bilinear, ...filling, scale, offset, block, pieces },
  };
}

export const warp2d: OpEncoder = (op, writer) => {
  const { fillValue } = attributesOf("warp2d", op);
  const { tasks, args } = warping(op, op.outputs[0]!, { scale: 1, offset: -0 }, fillValue);
  writer.stage(launch("warp2d", tasks, { ...args, x: op.inputs[0]!.address }));
};
