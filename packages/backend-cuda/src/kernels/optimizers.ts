import { sizeOf } from "@convoy/core/backend";
import { Arguments } from "./arguments.js";
import { type Launch, sharedBlocksFor } from "./launch.js";
import { attributesOf, type BoundOp, type BoundTensor, type LaunchContext, type OpKernel } from "./op.js";

export const sgdUpdate: OpKernel = {
  launches(op, context, last) {
    const { momentum, nesterov } = attributesOf("sgdUpdate", op);
    const [parameters, gradients, velocity] = op.inputs as [BoundTensor, BoundTensor, BoundTensor?];
    const tensors = [parameters, gradients, velocity];
    return [update("sgdUpdate", tensors, (to) => to.float(momentum).int(nesterov ? 1 : 0), op, context, last)];
  },
};

export const rmspropUpdate: OpKernel = {
  launches(op, context, last) {
    const { rho, momentum, epsilon, centered } = attributesOf("rmspropUpdate", op);
    const [parameters, gradients, meanSquare, ...slots] = op.inputs;
    const velocity = momentum > 0 ? slots.shift() : undefined;
    const mean = centered ? slots.shift() : undefined;
    const tensors = [parameters, gradients, meanSquare, velocity, mean];
    return [update("rmspropUpdate", tensors, (to) => to.float(rho, 1 - rho, momentum, epsilon), op, context, last)];
  },
};

export const adamUpdate: OpKernel = {
  launches(op, context, last) {
    const { beta1, beta2, epsilon, weightDecay } = attributesOf("adamUpdate", op);
    const [parameters, gradients, first, second, largest] = op.inputs;
    const tensors = [parameters, gradients, first, second, largest];
    const settings = (to: Arguments) => to.float(1 - beta1, 1 - beta2, epsilon, weightDecay);
    return [update("adamUpdate", tensors, settings, op, context, last)];
  },
};

function update(
  kernel: string,
  tensors: readonly (BoundTensor | undefined)[],
  packSettings: (to: Arguments) => void,
  op: BoundOp,
  context: LaunchContext,
  last: boolean,
): Launch {
  const count = sizeOf(op.inputs[0]!.shape);
  const packed = new Arguments();
  for (const tensor of tensors) {
    packed.pointer(tensor?.address ?? 0);
  }
  packed.struct(packSettings).pointer(context.stepTable);
  context.packStepEnd(packed, last);
  return { kernel, grid: [sharedBlocksFor(count, context.multiprocessors), 1], arguments: packed.int(count) };
}
