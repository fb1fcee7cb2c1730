import { attributesOf, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";

export const scaleChannels: OpKernel = {
  launches(op, { multiprocessors }) {
    const { low, high } = attributesOf("scaleChannels", op);
    const [x, factors] = op.inputs as [DeviceTensor, DeviceTensor];
    const count = sizeOf(x.shape);
    const divisors = { bySample: divisorOf(sizeOf(x.shape.slice(1))), byC: divisorOf(x.shape.at(-1)!) };
    const values = { x, factors, y: op.outputs[0]!, low, high, ...divisors, count };
    return [launch("scaleChannels", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};

export const adjustContrast: OpKernel = {
  launches(op, { multiprocessors }) {
    const { low, high } = attributesOf("adjustContrast", op);
    const [x, means, factors] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor];
    const count = sizeOf(x.shape);
    const divisors = { bySample: divisorOf(sizeOf(x.shape.slice(1))), byC: divisorOf(x.shape.at(-1)!) };
    const values = { x, means, factors, y: op.outputs[0]!, low, high, ...divisors, count };
    return [launch("adjustContrast", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};

export const adjustHsv: OpKernel = {
  launches(op, { multiprocessors }) {
    const { low, high } = attributesOf("adjustHsv", op);
    const [x, factors] = op.inputs as [DeviceTensor, DeviceTensor];
    const [, height, width] = x.shape as [number, number, number];
    const pixels = sizeOf(x.shape) / 3;
    const values = { x, factors, y: op.outputs[0]!, low, high, bySample: divisorOf(height * width), pixels };
    return [launch("adjustHsv", [sharedBlocksFor(pixels, multiprocessors), 1], values)];
  },
};
