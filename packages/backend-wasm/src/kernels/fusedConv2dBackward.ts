import { attributesOf, gradientParts } from "@convoy/core/backend";
import type { OpEncoder } from "../program/opWriter.js";
import { filterLaunches } from "./conv2dBackwardFilter.js";
import { inputLaunches } from "./conv2dBackwardInput.js";
import { convolutionOf } from "./paddedBand.js";

/** [unaryBackward] [maxPool2dBackward] [biasAddBackward] [conv2dBackwardInput] conv2dBackwardFilter at once. */
export const fusedConv2dBackward: OpEncoder = (op, writer) => {
  const { activation, pooling, bias, input, kernel: filter } = gradientParts(op);
  const [x, ownDy] = filter!.inputs;
  const [dk] = filter!.outputs;
  const source = { dy: (activation ?? pooling)?.inputs[0] ?? ownDy!, activation, pooling };
  const shape = convolutionOf(x!.shape, dk!.shape, ownDy!.shape, attributesOf("conv2dBackwardFilter", filter!));
  const wanted = input && { dx: input.outputs[0]!, kernel: input.inputs[1]! };
  const filters = filterLaunches(writer, shape, source, x!, dk!, { biasGradient: bias?.outputs[0], input: wanted });
  const inputs = wanted && !filters.makesInput && inputLaunches(writer, shape, source, wanted.kernel, wanted.dx);
  writer.stage(...filters.before, ...(inputs ? inputs.before : []));
  writer.stage(filters.main, ...(inputs ? [inputs.main] : []));
  writer.stage(...filters.finish);
};
