import { attributesOf, gradientParts } from "@convoy/core/backend";
import type { OpEncoder } from "../program/opWriter.js";
import { filterLaunches } from "./conv2dBackwardFilter.js";
import { inputLaunches } from "./conv2dBackwardInput.js";
import {
  suitsWinogradFilter,
  suitsWinogradInput,
  winogradFilterStages,
  winogradInputStages,
} from "./conv2dWinogradBackward.js";
import { convolutionOf } from "./paddedBand.js";

/** [unaryBackward] [maxPool2dBackward] [biasAddBackward] [conv2dBackwardInput] conv2dBackwardFilter at once. */
export const fusedConv2dBackward: OpEncoder = (op, writer) => {
  const { activation, pooling, bias, input, kernel: filter } = gradientParts(op);
  const [x, ownDy] = filter!.inputs;
  const [dk] = filter!.outputs;
  const source = { dy: (activation ?? pooling)?.inputs[0] ?? ownDy!, activation, pooling };
  const shape = convolutionOf(x!.shape, dk!.shape, ownDy!.shape, attributesOf("conv2dBackwardFilter", filter!));
  const wanted = input && { dx: input.outputs[0]!, kernel: input.inputs[1]! };
  const tiledInput = wanted !== undefined && suitsWinogradInput(shape, source);
  const tiledFilter = suitsWinogradFilter(shape, source);
  const biasGradient = bias?.outputs[0];
  const filterStages = tiledFilter ? winogradFilterStages(writer, shape, source, x!, dk!, biasGradient) : [];
  const inputStages = tiledInput ? winogradInputStages(writer, shape, source, wanted.kernel, wanted.dx) : [];
  const listed = wanted && !tiledInput ? wanted : undefined;
  const lists = tiledFilter
    ? undefined
    : filterLaunches(writer, shape, source, x!, dk!, { biasGradient, input: listed });
  const inputs =
    listed && !lists?.makesInput ? inputLaunches(writer, shape, source, listed.kernel, listed.dx) : undefined;
  const listStages = [
    [...(lists?.before ?? []), ...(inputs?.before ?? [])],
    [...(lists ? [lists.main] : []), ...(inputs ? [inputs.main] : [])],
    lists?.finish ?? [],
  ];
  // Gradients do not depend on each other, so the stages of each may run beside those of the others.
  const all = [listStages, inputStages, filterStages];
  for (let stage = 0; stage < Math.max(...all.map(({ length }) => length)); stage++) {
    writer.stage(...all.flatMap((stages) => stages[stage] ?? []));
  }
};
