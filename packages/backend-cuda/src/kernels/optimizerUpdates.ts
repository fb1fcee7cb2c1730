import { attributesOf, sizeOf } from "@convoy/core/backend";
import type { StructValues } from "./arguments/pack.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext, OpKernel } from "./opKernel.js";

export const sgdUpdate: OpKernel = {
  launches(op, context, last) {
    const { momentum, nesterov } = attributesOf("sgdUpdate", op);
    const [w, g, velocity] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor?];
    const { grid, values } = update(op, context, last);
    return [launch("sgdUpdate", grid, { w, g, velocity, momentum, nesterov: nesterov ? 1 : 0, ...values })];
  },
};

export const rmspropUpdate: OpKernel = {
  launches(op, context, last) {
    const { rho, momentum, epsilon, centered } = attributesOf("rmspropUpdate", op);
    const [w, g, square, ...slots] = op.inputs;
    const velocity = momentum > 0 ? slots.shift() : undefined;
    const mean = centered ? slots.shift() : undefined;
    const settings = { rho, oneMinusRho: 1 - rho, momentum, epsilon };
    const { grid, values } = update(op, context, last);
    return [launch("rmspropUpdate", grid, { w, g, square, velocity, mean, settings, ...values })];
  },
};

export const adamUpdate: OpKernel = {
  launches(op, context, last) {
    const { beta1, beta2, epsilon, weightDecay } = attributesOf("adamUpdate", op);
    const [w, g, m, v, largest] = op.inputs;
    const settings = { oneMinusBeta1: 1 - beta1, oneMinusBeta2: 1 - beta2, epsilon, weightDecay };
    const { grid, values } = update(op, context, last);
    return [launch("adamUpdate", grid, { w, g, m, v, largest, settings, ...values })];
  },
};

export const adagradUpdate: OpKernel = {
  launches(op, context, last) {
    const { epsilon } = attributesOf("adagradUpdate", op);
    const [w, g, accumulator] = op.inputs;
    const { grid, values } = update(op, context, last);
    return [launch("adagradUpdate", grid, { w, g, accumulator, epsilon, ...values })];
  },
};

export const nadamUpdate: OpKernel = {
  launches(op, context, last) {
    const { beta1, beta2, epsilon } = attributesOf("nadamUpdate", op);
    const [w, g, m, v] = op.inputs;
    const settings = { oneMinusBeta1: 1 - beta1, oneMinusBeta2: 1 - beta2, epsilon };
    const { grid, values } = update(op, context, last);
    return [launch("nadamUpdate", grid, { w, g, m, v, settings, ...values })];
  },
};

export const lionUpdate: OpKernel = {
  launches(op, context, last) {
    const { beta1, beta2, weightDecay } = attributesOf("lionUpdate", op);
    const [w, g, momentum] = op.inputs;
    const settings = { beta1, oneMinusBeta1: 1 - beta1, beta2, oneMinusBeta2: 1 - beta2, weightDecay };
    const { grid, values } = update(op, context, last);
    return [launch("lionUpdate", grid, { w, g, momentum, settings, ...values })];
  },
};

export const decayWeights: OpKernel = {
  launches(op, { multiprocessors, stepTable, stepState }) {
    const { rate } = attributesOf("decayWeights", op);
    const w = op.inputs[0]!;
    const count = sizeOf(w.shape);
    const values = { w, rate, table: stepTable, state: stepState, count };
    return [launch("decayWeights", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};

interface Update {
  readonly grid: readonly [number, number];
  readonly values: { readonly table: number; readonly end: StructValues<"StepEnd">; readonly count: number };
}

/** What the kernels have in common. */
function update(op: DeviceOp, context: LaunchContext, last: boolean): Update {
  const count = sizeOf(op.inputs[0]!.shape);
  return {
    grid: [sharedBlocksFor(count, context.multiprocessors), 1],
    values: { table: context.stepTable, end: context.stepEnd(last), count },
  };
}
