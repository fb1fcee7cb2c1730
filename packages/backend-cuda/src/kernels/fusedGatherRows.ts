import { attributesOf, gatherParts, type OpInstance } from "@convoy/core/backend";
import type { OpKernel } from "./opKernel.js";
import { gatherLaunch, gatherRows, gatherSource } from "./rows.js";
import { warpLaunch } from "./warp2d.js";

export const fusedGatherRows: OpKernel = {
  supports: (op) => gatherRows.supports!(gatherParts<OpInstance>(op).gather),
  launches(op, context) {
    const { warp, after } = gatherParts(op);
    if (warp === undefined) {
      return [gatherLaunch([op], context)];
    }
    const scaling = after ? attributesOf("affine", after) : { scale: 1, offset: 0 };
    const { stepTable: table, stepState: state } = context;
    return [warpLaunch({ warp, from: gatherSource(op), scaling, table, state }, context)];
  },
};
