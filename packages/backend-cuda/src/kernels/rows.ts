import { type OpInstance, sizeOf } from "@convoy/core/backend";
import { Arguments } from "./arguments.js";
import { packDivisor } from "./divisor.js";
import { type Launch, sharedBlocksFor } from "./launch.js";
import { attributesOf, type BoundOp, type BoundTensor, type LaunchContext, type OpKernel } from "./op.js";

/** Sources of one launch at most, as in kernels/gather.h. */
export const mostGatherSources = 4;

/** SourceType of kernels/gather.h, by the element types of source and batch. */
const sourceTypes: ReadonlyMap<string, number> = new Map([
  ["uint8 float32", 0],
  ["float32 float32", 1],
  ["int32 int32", 2],
]);

export const gatherRows: OpKernel = {
  supports(op) {
    const types = typesOf(op);
    return sourceTypes.has(types) || `no kernel gathers ${types.replace(" ", " rows into ")}`;
  },
  launches: (op, context) => [gatherLaunch([op], context)],
};

/** Up to four gathers in one launch. */
export function gatherLaunch(ops: readonly BoundOp[], context: LaunchContext): Launch {
  const most = Math.max(...ops.map((op) => sizeOf(op.outputs[0]!.shape)));
  return {
    kernel: "gatherRows",
    grid: [sharedBlocksFor(most, context.multiprocessors), ops.length],
    arguments: new Arguments().struct((to) => packSources(to, ops, context)),
  };
}

/** Adds a `GatherSources`. */
export function packSources(to: Arguments, ops: readonly BoundOp[], { stepTable, stepState }: LaunchContext): void {
  for (let index = 0; index < mostGatherSources; index++) {
    packSource(to, ops[index]);
  }
  to.pointer(stepTable).pointer(stepState);
}

function typesOf({ inputs, outputs }: OpInstance): string {
  return `${inputs[0]!.dtype} ${outputs[0]!.dtype}`;
}

/** Adds a `GatherSource`, all zero without an op. */
function packSource(to: Arguments, op: BoundOp | undefined): void {
  if (op === undefined) {
    to.pointer(0).pointer(0).pointer(0).int(0, 0, 0, 0, 0, 0).float(0).int(0);
    return;
  }
  const [source, order] = op.inputs as [BoundTensor, BoundTensor?];
  const batch = op.outputs[0]!;
  const rows = source.shape[0]!;
  to.pointer(source.address)
    .pointer(order?.address ?? 0)
    .pointer(batch.address);
  packDivisor(to, sizeOf(source.shape.slice(1)));
  to.int(sizeOf(batch.shape), rows, order?.shape[0] ?? 0)
    .float(attributesOf("gatherRows", op).scale)
    .int(sourceTypes.get(typesOf(op))!);
}

export const storeRows: OpKernel = {
  launches(op, { multiprocessors, stepTable, stepState }) {
    const [values, destination] = op.inputs as [BoundTensor, BoundTensor];
    const count = sizeOf(values.shape);
    return [
      {
        kernel: "storeRows",
        grid: [sharedBlocksFor(count, multiprocessors), 1],
        arguments: new Arguments()
          .pointer(values.address)
          .pointer(destination.address)
          .pointer(stepTable)
          .pointer(stepState)
          .int(sizeOf(values.shape.slice(1)), count, destination.shape[0]!),
      },
    ];
  },
};
