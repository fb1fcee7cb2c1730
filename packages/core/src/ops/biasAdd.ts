import { formatShape, ShapeError } from "../errors.js";
import { lastAxis, rowsOf } from "./checks.js";
import { float32, type OpDefinition, sizeOf } from "./definition.js";

/** y[...,c] = x[...,c] + b[c] */
export const biasAdd: OpDefinition<Record<never, never>> = {
  summary: "adds one number a channel: input [...,C], bias [C] -> [...,C]",
  inputs: ["input", "bias"],
  outputs: ["output"],
  inferOutputs([input, bias]) {
    if (bias!.shape.length !== 1 || bias!.shape[0] !== lastAxis(input!.shape)) {
      throw new ShapeError(
        `biasAdd: bias has shape ${formatShape(bias!.shape)}, expected one number for each of the ` +
          `${lastAxis(input!.shape)} channels of input ${formatShape(input!.shape)}`,
      );
    }
    return [float32(input!.shape)];
  },
  gradient({ outputGradient, needs, emit }) {
    const gradient = outputGradient(0);
    return [needs(0) ? gradient : undefined, needs(1) ? emit("biasAddBackward", [gradient], {})[0] : undefined];
  },
  flops: ([input]) => sizeOf(input!.shape),
};

/** db[c] = sum over all rows of dy[...,c] */
export const biasAddBackward: OpDefinition<Record<never, never>> = {
  summary: "gradient of biasAdd for its bias, the sum over rows: outputGradient [...,C] -> [C]",
  inputs: ["outputGradient"],
  outputs: ["biasGradient"],
  inferOutputs([outputGradient]) {
    return [float32([lastAxis(outputGradient!.shape)])];
  },
  flops: ([outputGradient]) => rowsOf(outputGradient!.shape) * lastAxis(outputGradient!.shape),
};
