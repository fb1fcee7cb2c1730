import { type OpAttributes, type Shape, sizeOf } from "@convoy/core/backend";
import { Arguments } from "./arguments.js";
import { blocksFor, type Launch } from "./launch.js";
import { attributesOf, type BoundTensor, type OpKernel } from "./op.js";
import { packPoolingShape } from "./poolingShape.js";

export const maxPool2d: OpKernel = {
  launches: (op) => [forwardLaunch("maxPool2d", op.inputs[0]!, op.outputs, attributesOf("maxPool2d", op))],
};

export const averagePool2d: OpKernel = {
  launches: (op) => [forwardLaunch("averagePool2d", op.inputs[0]!, op.outputs, attributesOf("averagePool2d", op))],
};

export const maxPool2dBackward: OpKernel = {
  launches: (op) => [
    backwardLaunch("maxPool2dBackward", op.inputs, op.outputs[0]!, attributesOf("maxPool2dBackward", op)),
  ],
};

export const averagePool2dBackward: OpKernel = {
  launches: (op) => [
    backwardLaunch("averagePool2dBackward", op.inputs, op.outputs[0]!, attributesOf("averagePool2dBackward", op)),
  ],
};

/** One output a thread. */
function forwardLaunch(
  kernel: string,
  input: BoundTensor,
  outputs: readonly BoundTensor[],
  attributes: OpAttributes["maxPool2d"],
): Launch {
  return launch(kernel, [input, ...outputs], outputs[0]!.shape, (to) =>
    packPoolingShape(to, input.shape, outputs[0]!.shape, attributes),
  );
}

/** One position of the input a thread. */
function backwardLaunch(
  kernel: string,
  inputs: readonly BoundTensor[],
  output: BoundTensor,
  attributes: OpAttributes["maxPool2dBackward"],
): Launch {
  return launch(kernel, [...inputs, output], output.shape, (to) =>
    packPoolingShape(to, attributes.inputShape, inputs[0]!.shape, attributes),
  );
}

function launch(
  kernel: string,
  tensors: readonly BoundTensor[],
  threads: Shape,
  pack: (to: Arguments) => void,
): Launch {
  const packed = new Arguments();
  for (const { address } of tensors) {
    packed.pointer(address);
  }
  return { kernel, grid: [blocksFor(sizeOf(threads)), 1], arguments: packed.struct(pack) };
}
