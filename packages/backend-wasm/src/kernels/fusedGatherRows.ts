import { attributesOf, gatherParts, type OpInstance } from "@convoy/core/backend";
import { elementTypes } from "../program/constants.js";
import { launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { gatheredRows } from "./rows.js";
import { type Scaling, warping } from "./warp2d.js";

/** `first` and then the affine function of an op, if there is one. */
function followedBy(first: Scaling, op: OpInstance | undefined): Scaling {
  if (op === undefined) {
    return first;
  }
  const { scale, offset } = attributesOf("affine", op);
  return { scale: first.scale * scale, offset: first.offset * scale + offset };
}

/** What the numbers of the source are scaled by before they are resampled, and all in all. */
function scalings(op: OpInstance): { before: Scaling; all: Scaling } {
  const { gather, before: affine, after } = gatherParts(op);
  const before = followedBy({ scale: attributesOf("gatherRows", gather).scale, offset: -0 }, affine);
  return { before, all: followedBy(before, after) };
}

/** What `supports` says: means of whole numbers are not whole, and no number scaled by 0 is the fill value. */
export function takesGather(op: OpInstance): true | string {
  const { gather, warp } = gatherParts(op);
  if (warp === undefined) {
    return true;
  }
  if (gather.inputs[0]!.dtype === "int32") {
    return "fusedGatherRows with warp2d of int32";
  }
  return scalings(op).before.scale !== 0 || "fusedGatherRows with warp2d of numbers scaled by 0";
}

export const fusedGatherRows: OpEncoder = (op, writer) => {
  const { gather, before: affine, warp, after } = gatherParts(op);
  const { before, all } = scalings(op);
  if (warp === undefined) {
    writer.stage(gatheredRows(gather, affine!.outputs[0]!, all));
    return;
  }
  const [source, order] = gather.inputs;
  // Pixels are scaled when they have been mixed, and the fill value with them.
  const fillValue = (attributesOf("warp2d", warp).fillValue - before.offset) / before.scale;
  const { tasks, args } = warping(warp, (after ?? warp).outputs[0]!, all, fillValue);
  writer.stage(
    launch("fusedGatherRows", tasks, {
      ...args,
      source: source!.address,
      order: order?.address ?? 0,
      sourceRows: source!.shape[0]!,
      orderRows: order?.shape[0] ?? 0,
      from: elementTypes[source!.dtype],
    }),
  );
};
