import { attributesOf, type OpInstance, sizeOf } from "@convoy/core/backend";
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

/** Up to four gathers in one launch. */
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

function gatherSource(op: DeviceOp): StructValues<"GatherSource"> {
  const [source, order] = op.inputs as [DeviceTensor, DeviceTensor?];
  const batch = op.outputs[0]!;
  return {
    source,
    order,
    batch,
    byRow: divisorOf(sizeOf(source.shape.slice(1))),
    count: sizeOf(batch.shape),
    rows: source.shape[0]!,
    orderLength: order?.shape[0] ?? 0,
    scale: attributesOf("gatherRows", op).scale,
    type: sourceTypes.get(typesOf(op))!,
  };
}

function typesOf({ inputs, outputs }: OpInstance): string {
  return `${inputs[0]!.dtype} ${outputs[0]!.dtype}`;
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
