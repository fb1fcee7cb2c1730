import { sizeOf } from "@convoy/core/backend";
import type { OpEncoder } from "../program/opWriter.js";
import { blocks, phase } from "../program/phase.js";

/** Parameters of one task. */
const parametersOfTask = 4096;

export const sgdUpdate: OpEncoder = ({ inputs: [w, g, v], attributes }, writer) => {
  const { momentum, nesterov } = attributes as { momentum: number; nesterov: boolean };
  const length = sizeOf(w!.shape);
  const { block, tasks } = blocks(length, parametersOfTask);
  writer.stage(
    phase("sgd", tasks, {
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

export const rmspropUpdate: OpEncoder = ({ inputs, attributes }, writer) => {
  const { rho, momentum, epsilon, centered } = attributes as {
    rho: number;
    momentum: number;
    epsilon: number;
    centered: boolean;
  };
  const [w, g, square, ...slots] = inputs;
  const velocity = momentum > 0 ? slots.shift()!.address : 0;
  const mean = centered ? slots.shift()!.address : 0;
  const length = sizeOf(w!.shape);
  const { block, tasks } = blocks(length, parametersOfTask);
  writer.stage(
    phase("rmsprop", tasks, {
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

export const adamUpdate: OpEncoder = ({ inputs: [w, g, m, v, largest], attributes }, writer) => {
  const { beta1, beta2, epsilon, weightDecay } = attributes as Record<string, number>;
  const length = sizeOf(w!.shape);
  const { block, tasks } = blocks(length, parametersOfTask);
  writer.stage(
    phase("adam", tasks, {
      w: w!.address,
      g: g!.address,
      m: m!.address,
      v: v!.address,
      largest: largest?.address ?? 0,
      length,
      block,
      share1: 1 - beta1!,
      share2: 1 - beta2!,
      epsilon: epsilon!,
      weightDecay: weightDecay!,
    }),
  );
};
