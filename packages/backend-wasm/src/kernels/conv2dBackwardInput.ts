import { attributesOf } from "@convoy/core/backend";
import { type Launch, launch } from "../program/launch.js";
import { type OpEncoder, type Operand, type OpWriter, ScratchLayout } from "../program/opWriter.js";
import { pointwiseInputLaunches, suitsProducts } from "./conv2dBackwardDense.js";
import { suitsWinogradInput, winogradInputStages } from "./conv2dWinogradBackward.js";
import { type OutputGradient, outputGradientArguments, packFilters } from "./outputGradient.js";
import { bandColumns, type Convolution, convolutionOf, isPointwise, tapRuns } from "./paddedBand.js";

/** dx and its lists in one task. */
const taskBytes = 163840;

/** The gradient of the input in two stages. */
export function inputLaunches(
  writer: OpWriter,
  shape: Convolution,
  source: OutputGradient,
  kernel: Operand,
  dx: Operand,
): { before: readonly Launch[]; main: Launch } {
  if (isPointwise(shape) && suitsProducts(shape, source)) {
    return pointwiseInputLaunches(writer, shape, source, kernel, dx);
  }
  const gradient = outputGradientArguments(shape, source);
  const { F, H, W, C } = shape;
  const { run, runPadded, runs } = tapRuns(shape);
  const filters = writer.workspace(F * shape.KH * runs * runPadded * 4);
  const overlap =
    gradient.poolDilationH > 1 || gradient.poolDilationW > 1
      ? gradient.PH * gradient.PW
      : Math.ceil(gradient.PH / gradient.poolStrideH) * Math.ceil(gradient.PW / gradient.poolStrideW);
  const capacity = F * overlap + 1;
  const copied = Number(shape.padded || run !== runPadded);
  const rowBytes = W * C * 4 + (shape.OW * capacity * 8) / shape.strideH;
  const wantedBands = Math.ceil(H / Math.max(1, Math.floor(Math.max(taskBytes / rowBytes, Math.min(H, 4)))));
  const bandRows = Math.ceil(H / wantedBands);
  const bands = Math.ceil(H / bandRows);
  const outRows = Math.min(shape.OH, Math.ceil((bandRows + (shape.KH - 1) * shape.dilationH) / shape.strideH) + 1);
  const positions = outRows * shape.OW;

  const scratch = new ScratchLayout();
  const columns = shape.left + Math.max(W, bandColumns(shape));
  const offsets = {
    tableOffset: scratch.place(gradient.PH * gradient.PW * 4),
    rowOffset: scratch.place(F * 4),
    countsOffset: scratch.place(positions * 4),
    listsOffset: scratch.place(positions * capacity * 8),
    bandOffset: scratch.place(copied ? bandRows * columns * C * 4 : 0),
  };
  writer.scratch(scratch.bytes);
  return {
    before: [packFilters(shape, kernel, filters)],
    main: launch("conv2dBackwardInput", shape.N * bands, {
      ...gradient,
      dx: dx.address,
      filters,
      bandRows,
      bands,
      run,
      runPadded,
      runs,
      capacity,
      copied,
      ...offsets,
    }),
  };
}

export const conv2dBackwardInput: OpEncoder = (op, writer) => {
  const [dy, kernel] = op.inputs;
  const [dx] = op.outputs;
  const shape = convolutionOf(dx!.shape, kernel!.shape, dy!.shape, attributesOf("conv2dBackwardInput", op));
  const source = { dy: dy!, activation: undefined, pooling: undefined };
  if (suitsWinogradInput(shape, source)) {
    for (const stage of winogradInputStages(writer, shape, source, kernel!, dx!)) {
      writer.stage(...stage);
    }
    return;
  }
  const { before, main } = inputLaunches(writer, shape, source, kernel!, dx!);
  writer.stage(...before);
  writer.stage(main);
};
