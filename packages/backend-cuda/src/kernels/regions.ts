import { attributesOf, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import { constants } from "./arguments/structs.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { DeviceTensor, OpKernel } from "./opKernel.js";

export const fillBoxes: OpKernel = {
  supports(op) {
    const { length } = attributesOf("fillBoxes", op).values;
    return (
      op.inputs.length === 3 ||
      length <= constants.maxFillValues ||
      `the kernel fills up to ${constants.maxFillValues} channels with values, not ${length}; fill from a tensor`
    );
  },
  launches(op, { multiprocessors }) {
    const [x, boxes, fill] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor?];
    const [, height, width, channels] = x.shape as [number, number, number, number];
    const count = sizeOf(x.shape);
    const values = {
      x,
      boxes,
      fill,
      y: op.outputs[0]!,
      by: { values: fill ? [] : attributesOf("fillBoxes", op).values },
      byC: divisorOf(channels),
      byWidth: divisorOf(width),
      byHeight: divisorOf(height),
      count,
    };
    return [launch("fillBoxes", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};

export const mixRows: OpKernel = {
  launches(op, { multiprocessors, stepState }) {
    const [x, partners, weights] = op.inputs as [DeviceTensor, DeviceTensor, DeviceTensor?];
    const count = sizeOf(x.shape);
    const byRow = divisorOf(sizeOf(x.shape.slice(1)));
    const values = { x, partners, weights, y: op.outputs[0]!, state: stepState, byRow, rows: x.shape[0]!, count };
    return [launch("mixRows", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};

export const filterAxis: OpKernel = {
  launches(op, { multiprocessors }) {
    const { axis } = attributesOf("filterAxis", op);
    const [x, kernels] = op.inputs as [DeviceTensor, DeviceTensor];
    const count = sizeOf(x.shape);
    const values = {
      x,
      kernels,
      y: op.outputs[0]!,
      byStep: divisorOf(sizeOf(x.shape.slice(axis + 1))),
      byLength: divisorOf(x.shape[axis]!),
      bySample: divisorOf(sizeOf(x.shape.slice(1))),
      K: kernels.shape[1]!,
      count,
    };
    return [launch("filterAxis", [sharedBlocksFor(count, multiprocessors), 1], values)];
  },
};
