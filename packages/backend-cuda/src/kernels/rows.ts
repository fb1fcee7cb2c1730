import { attributesOf, gatherParts, type OpInstance, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import type { StructValues } from "./arguments/pack.js";
import { constants, enums } from "./arguments/structs.js";
import { type Launch, launch, sharedBlocksFor } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel } from "./opKernel.js";

/** Sources that one launch gathers from at most. */
export const maxGatherSources: number = constants.maxSources;

const { bytesToFloat, floatToFloat, wordsToWords } = enums.SourceType;

/** By the element types of source and batch. */
const sourceTypes: ReadonlyMap<string, number> = new Map([
  ["uint8 float32", bytesToFloat],
  ["float32 float32", floatToFloat],
  ["int32 int32", wordsToWords],
]);

export const gatherRows: OpKernel = {
  supports(op) {
    const types = typesOf(op);
    return sourceTypes.has(types) || `no kernel gathers ${types.replace(" ", " rows into ")}`;
  },
  launches: (op, context) => [gatherLaunch([op], context)],
};

/** Up to four gathers in one launch, each of them alone or with an affine function of what it gathers. */
export function gatherLaunch(ops: readonly DeviceOp[], context: LaunchContext): Launch {
  const maxCount = Math.max(...ops.map((op) => sizeOf(op.outputs[0]!.shape)));
  const grid = [sharedBlocksFor(maxCount, context.multiprocessors), ops.length] as const;
  return launch("gatherRows", grid, { from: gatherSources(ops, context) });
}

/** What a launch gathers; sources that are not used stay zero. */
export function gatherSources(
  ops: readonly DeviceOp[],
  { stepTable, stepState }: LaunchContext,
): StructValues<"GatherSources"> {
  return { sources: ops.map(gatherSource), table: stepTable, state: stepState };
}

/** The rows that `gatherRows` takes, alone or with what the fused op does to them before they are resampled. */
export function gatherSource(op: DeviceOp): StructValues<"GatherSource"> {
  const { gather, before } = gatherParts(op);
  const [source, order] = gather.inputs as [DeviceTensor, DeviceTensor?];
  const { scale } = attributesOf("gatherRows", gather);
  const affine = before ? attributesOf("affine", before) : { scale: 1, offset: 0 };
  const batch = op.outputs[0]!;
  return {
    source,
    order,
    batch,
    byRow: divisorOf(sizeOf(source.shape.slice(1))),
    count: sizeOf(batch.shape),
    rows: source.shape[0]!,
    orderLength: order?.shape[0] ?? 0,
    offset: affine.offset,
    scale: affine.scale * scale,
    type: sourceTypes.get(typesOf(gather))!,
  };
}

function typesOf({ inputs, outputs }: OpInstance): string {
  return `${inputs[0]!.dtype} ${outputs[0]!.dtype}`;
}

/** Whether an op does nothing but gather rows, with an affine function at most. */
export function gathersOnly(op: DeviceOp): boolean {
  return op.op === "gatherRows" || (op.op === "fusedGatherRows" && gatherParts(op).warp === undefined);
}

export const storeRows: OpKernel = {
  launches(op, { multiprocessors, stepTable, stepState }) {
    const [values, destination] = op.inputs as [DeviceTensor, DeviceTensor];
    const count = sizeOf(values.shape);
    return [
      launch("storeRows", [sharedBlocksFor(count, multiprocessors), 1], {
        values,
        destination,
        table: stepTable,
        state: stepState,
        rowLength: sizeOf(values.shape.slice(1)),
        count,
        rows: destination.shape[0]!,
      }),
    ];
  },
};
