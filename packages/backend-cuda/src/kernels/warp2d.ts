import { attributesOf, type OpAttributes, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";
import { enums } from "./arguments/structs.js";
import { blocksFor, type Launch, launch } from "./launch.js";
import type { DeviceOp, LaunchContext, OpKernel } from "./opKernel.js";

const { reflectFill, wrapFill, constantFill, nearestFill } = enums.FillMode;
const fillModes: Readonly<Record<OpAttributes["warp2d"]["fillMode"], number>> = {
  reflect: reflectFill,
  wrap: wrapFill,
  constant: constantFill,
  nearest: nearestFill,
};

/** Of a grid along its second axis. */
const maxGridRows = 65_535;

export const warp2d: OpKernel = {
  launches(op, context) {
    const [x, batch] = [op.inputs[0]!, op.outputs[0]!];
    const from = {
      source: x,
      order: undefined,
      batch,
      byRow: divisorOf(sizeOf(x.shape.slice(1))),
      count: sizeOf(batch.shape),
      rows: x.shape[0]!,
      orderLength: 0,
      offset: 0,
      scale: 1,
      type: enums.SourceType.floatToFloat,
    };
    const scaling = { scale: 1, offset: 0 };
    return [warpLaunch({ warp: op, from, scaling, table: undefined, state: undefined }, context)];
  },
};

interface Warp {
  readonly warp: DeviceOp;
  /** The images that are resampled, and where they go. */
  readonly from: StructValues<"GatherSource">;
  /** Of the result. */
  readonly scaling: { readonly scale: number; readonly offset: number };
  /** The step whose rows are gathered; none where the images are the batch. */
  readonly table: number | undefined;
  readonly state: number | undefined;
}

/** Images resampled, out of the batch or out of the data set that it is gathered from. */
export function warpLaunch({ warp, from, scaling, table, state }: Warp, { multiprocessors }: LaunchContext): Launch {
  const { interpolation, fillMode, fillValue, fractionBits } = attributesOf("warp2d", warp);
  const [, H, W, C] = warp.inputs[0]!.shape as [number, number, number, number];
  const [N, OH, OW] = warp.outputs[0]!.shape as [number, number, number];
  const area = OH * OW;
  const perPixel = C === 1 || C === 3;
  const axis = (length: number): StructValues<"WarpAxis"> => ({
    length,
    byPeriod: divisorOf(fillMode === "reflect" ? 2 * length : length),
  });
  const shape = {
    rows: axis(H),
    columns: axis(W),
    N,
    C,
    area,
    byWidth: divisorOf(OW),
    byC: divisorOf(C),
    fractionBits,
    unit: 2 ** -fractionBits,
    bilinear: interpolation === "bilinear" ? 1 : 0,
    fillMode: fillModes[fillMode],
    fillValue,
    ...scaling,
  };
  const perImage = Math.min(blocksFor(perPixel ? area : area * C), Math.ceil((8 * multiprocessors) / N));
  const numbers = from.type === enums.SourceType.bytesToFloat ? "Bytes" : "Numbers";
  return launch(
    "WARP",
    [perImage, Math.min(N, maxGridRows)],
    { from, transforms: warp.inputs[1]!, table, state, shape },
    `warp${numbers}${perPixel ? C : "Any"}`,
  );
}
