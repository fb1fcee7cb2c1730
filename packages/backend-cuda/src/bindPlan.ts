import {
  type Attributes,
  type DeviceBuffer,
  dtypeBytes,
  type Plan,
  PlanError,
  type PlanOp,
  UnsupportedOpError,
} from "@convoy/core/backend";
import { CudaBuffer } from "./buffer.js";
import type { CudaDevice } from "./device.js";
import { supportsOp } from "./kernels/index.js";
import type { BoundOp, BoundTensor } from "./kernels/op.js";

/** A plan over buffers: every value with its address. */
export interface BoundPlan {
  readonly ops: readonly BoundOp[];
  readonly tensors: ReadonlyMap<number, BoundTensor>;
  readonly buffers: readonly CudaBuffer[];
}

/** Puts addresses into a plan. Throws `PlanError` where buffers do not fit, `UnsupportedOpError` for an op without kernel. */
export function bindPlan(plan: Plan, buffers: Readonly<Record<string, DeviceBuffer>>, device: CudaDevice): BoundPlan {
  const own = checkBuffers(plan, buffers, device);
  const tensors = new Map(
    plan.values.map(({ id, shape, dtype, buffer, byteOffset }): [number, BoundTensor] => {
      const address = buffer === undefined ? 0 : own.get(buffer)!.address + byteOffset;
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
      throw new UnsupportedOpError(`cuda: ${op.op} (${op.label}): ${answer}`);
    }
  }
  return { ops, tensors, buffers: [...own.values()] };
}

/** The buffers of the plan by name, each there, of the right type, large enough and on this device. */
function checkBuffers(
  plan: Plan,
  buffers: Readonly<Record<string, DeviceBuffer>>,
  device: CudaDevice,
): Map<string, CudaBuffer> {
  const needed = { ...plan.buffers, arena: { dtype: "uint8", length: plan.arenaBytes } as const };
  return new Map(
    Object.entries(needed).map(([name, { dtype, length }]) => {
      const buffer = buffers[name];
      if (buffer === undefined) {
        throw new PlanError(
          `cuda: the plan needs buffer "${name}" (${dtype}, ${length} elements), which was not given`,
        );
      }
      if (buffer.dtype !== dtype || buffer.length < length) {
        throw new PlanError(
          `cuda: buffer "${name}" has ${buffer.length} elements of ${buffer.dtype}, the plan needs ${length} of ${dtype} ` +
            `(${length * dtypeBytes[dtype]} bytes)`,
        );
      }
      if (!(buffer instanceof CudaBuffer && buffer.device === device)) {
        throw new PlanError(`cuda: buffer "${name}" was made by another backend; make it with this one's createBuffer`);
      }
      return [name, buffer];
    }),
  );
}
