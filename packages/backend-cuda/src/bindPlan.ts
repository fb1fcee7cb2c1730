import {
  type Attributes,
  bindBuffers,
  type DeviceBuffer,
  type Plan,
  PlanError,
  type PlanOp,
  UnsupportedOpError,
} from "@convoy/core/backend";
import type { CudaDevice } from "./device/device.js";
import { supportsOp } from "./kernels/index.js";
import type { BoundOp, BoundTensor } from "./kernels/op.js";
import { CudaBuffer } from "./memory/buffer.js";

/** A plan over buffers: every value with its address. */
export interface BoundPlan {
  readonly ops: readonly BoundOp[];
  readonly tensors: ReadonlyMap<number, BoundTensor>;
  readonly buffers: readonly CudaBuffer[];
}

/** Puts addresses into a plan. Throws `PlanError` where buffers do not fit, `UnsupportedOpError` for an op without kernel. */
export function bindPlan(plan: Plan, buffers: Readonly<Record<string, DeviceBuffer>>, device: CudaDevice): BoundPlan {
  const isOwn = (buffer: DeviceBuffer): buffer is CudaBuffer =>
    buffer instanceof CudaBuffer && buffer.device === device;
  const own = bindBuffers("cuda", plan, buffers, isOwn);
  return { ...placePlan(plan, (buffer) => own.get(buffer)!.address), buffers: [...own.values()] };
}

/** A plan over buffers at these addresses. */
export function placePlan(plan: Plan, addressOf: (buffer: string) => number): Omit<BoundPlan, "buffers"> {
  const tensors = new Map(
    plan.values.map(({ id, shape, dtype, buffer, byteOffset }): [number, BoundTensor] => {
      const address = buffer === undefined ? 0 : addressOf(buffer) + byteOffset;
      return [id, { id, shape, dtype, address }];
    }),
  );
  const tensor = (id: number): BoundTensor => {
    const found = tensors.get(id);
    if (found === undefined) {
      throw new PlanError(`cuda: the plan names value ${id}, which it does not have`);
    }
    return found;
  };
  const bind = ({ op, attributes, inputs, outputs, parts, workspace, label }: PlanOp): BoundOp => ({
    op,
    attributes: attributes as Attributes,
    inputs: inputs.map(tensor),
    outputs: outputs.map(tensor),
    ...(parts ? { parts: parts.map(bind) } : {}),
    workspace: workspace === undefined ? 0 : tensor(workspace).address,
    label,
  });
  const ops = plan.ops.map(bind);
  for (const op of ops) {
    const answer = supportsOp(op);
    if (answer !== true) {
      throw new UnsupportedOpError(`cuda: ${op.op} (${op.label}): ${answer}`, { op: op.op, reason: answer });
    }
  }
  return { ops, tensors };
}
