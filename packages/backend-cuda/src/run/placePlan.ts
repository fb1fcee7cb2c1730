import { type BoundPlan, bindPlan, expectSupported, type Plan } from "@convoy/core/backend";
import type { DeviceTensor } from "../kernels/opKernel.js";
import { supportsOp } from "../kernels/supportsOp.js";

/** A plan over buffers at these addresses. Throws `UnsupportedOpError` for an op without kernel. */
export function placePlan(plan: Plan, addressOf: (buffer: string) => number): BoundPlan<DeviceTensor> {
  const placed = bindPlan("cuda", plan, ({ id, shape, dtype, buffer, byteOffset }): DeviceTensor => {
    const address = buffer === undefined ? 0 : addressOf(buffer) + byteOffset;
    return { id, shape, dtype, address };
  });
  expectSupported("cuda", placed.ops, supportsOp);
  return placed;
}
