import { attributesOf, sizeOf } from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";

/** Parameters of one task. */
const taskParameters = 4096;

export const sgdUpdate: OpEncoder = (op, writer) => {
  const [w, g, v] = op.inputs;
  const { momentum, nesterov } = attributesOf("sgdUpdate", op);
  const length = sizeOf(w!.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  writer.stage(
    launch("sgdUpdate", tasks, {
      w: w!.address,
      g: g!.address,
      v: v?.address ?? 0,
      length,
      block,
      momentum,
      nesterov: Number(nesterov),
    }),
  );
};

export const rmspropUpdate: OpEncoder = (op, writer) => {
  const { rho, momentum, epsilon, centered } = attributesOf("rmspropUpdate", op);
  const [w, g, square, ...slots] = op.inputs;
  const velocity = momentum > 0 ? slots.shift()!.address : 0;
  const mean = centered ? slots.shift()!.address : 0;
  const length = sizeOf(w!.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  writer.stage(
    launch("rmspropUpdate", tasks, {
      w: w!.address,
      g: g!.address,
      square: square!.address,
      velocity,
      mean,
      length,
      block,
      rho,
      share: 1 - rho,
      momentum,
      epsilon,
    }),
  );
};

export const adamUpdate: OpEncoder = (op, writer) => {
  const [w, g, m, v, maxV] = op.inputs;
  const { beta1, beta2, epsilon, weightDecay } = attributesOf("adamUpdate", op);
  const length = sizeOf(w!.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  writer.stage(
    launch("adamUpdate", tasks, {
      w: w!.address,
      g: g!.address,
      m: m!.address,
      v: v!.address,
      maxV: maxV?.address ?? 0,
      length,
      block,
      share1: 1 - beta1,
      share2: 1 - beta2,
      epsilon,
      weightDecay,
    }),
  );
};

export const adagradUpdate: OpEncoder = (op, writer) => {
  const [w, g, a] = op.inputs;
  const { epsilon } = attributesOf("adagradUpdate", op);
  const length = sizeOf(w!.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  const args = { w: w!.address, g: g!.address, a: a!.address, length, block, epsilon };
  writer.stage(launch("adagradUpdate", tasks, args));
};

export const nadamUpdate: OpEncoder = (op, writer) => {
  const [w, g, m, v] = op.inputs;
  const { beta1, beta2, epsilon } = attributesOf("nadamUpdate", op);
  const length = sizeOf(w!.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  writer.stage(
    launch("nadamUpdate", tasks, {
      w: w!.address,
      g: g!.address,
      m: m!.address,
      v: v!.address,
      length,
      block,
      share1: 1 - beta1,
      share2: 1 - beta2,
      epsilon,
    }),
  );
};

export const lionUpdate: OpEncoder = (op, writer) => {
  const [w, g, m] = op.inputs;
  const { beta1, beta2, weightDecay } = attributesOf("lionUpdate", op);
  const length = sizeOf(w!.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  writer.stage(
    launch("lionUpdate", tasks, {
      w: w!.address,
      g: g!.address,
      m: m!.address,
      length,
      block,
      beta1,
      share1: 1 - beta1,
      beta2,
      share2: 1 - beta2,
      weightDecay,
    }),
  );
};

export const decayWeights: OpEncoder = (op, writer) => {
  const [w] = op.inputs;
  const { rate } = attributesOf("decayWeights", op);
  const length = sizeOf(w!.shape);
  const { block, tasks } = elementBlocks(length, taskParameters);
  writer.stage(launch("decayWeights", tasks, { w: w!.address, length, block, rate }));
};
