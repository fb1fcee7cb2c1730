import { attributesOf, chainParts, partOf } from "@convoy/core/backend";
import type { ArgumentsOf } from "./arguments/pack.js";
import { type Launch, launch } from "./launch.js";
import type { DeviceOp, DeviceTensor, LaunchContext } from "./opKernel.js";
import { rowLabels } from "./rowLabels.js";
import { rowBlocks, rowSums, rowsAndColumns } from "./rowSums.js";

/** Classes that one warp has a lane each for: up to here the logits are computed in the loss's own launch. */
export const maxFusedClasses = 32;

/** softmaxCrossEntropy, or fusedSoftmaxLoss, which also has accuracy or the gradient of the logits. */
export function softmaxLossLaunch(op: DeviceOp, context: LaunchContext): Launch {
  const loss = lossOf(op);
  const { grid, values } = lossArguments(op, loss, context);
  return launch("softmaxCrossEntropy", grid, { x: loss.inputs[0]!, ...values });
}

/** A dense layer without activation and the loss of its output, in one launch. */
export function denseLossLaunch(dense: DeviceOp, op: DeviceOp, context: LaunchContext): Launch {
  const { head, bias } = chainParts<DeviceOp>(dense);
  const [input, kernel] = head.inputs as [DeviceTensor, DeviceTensor];
  const [, K] = input.shape as [number, number];
  const { grid, values } = lossArguments(op, lossOf(op), context);
  return launch("denseSoftmaxCrossEntropy", grid, { input, kernel, bias: bias?.inputs[1], K, ...values });
}

/** The loss itself among the parts of a fused one. */
export function lossOf(op: DeviceOp): DeviceOp {
  return partOf<DeviceOp>(op, "softmaxCrossEntropy") ?? op;
}

/** What both kernels take beside the logits or what gives them. */
function lossArguments(
  op: DeviceOp,
  loss: DeviceOp,
  context: LaunchContext,
): { readonly grid: readonly [number, number]; readonly values: Omit<ArgumentsOf<"softmaxCrossEntropy">, "x"> } {
  const accuracy = partOf<DeviceOp>(op, "accuracy");
  const backward = partOf<DeviceOp>(op, "softmaxCrossEntropyBackward");
  const [logits, labels, weights] = loss.inputs as [DeviceTensor, DeviceTensor, DeviceTensor?];
  const [lossSum, probabilities] = loss.outputs as [DeviceTensor, DeviceTensor];
  const [rows, columns] = rowsAndColumns(logits.shape);
  const blocks = rowBlocks(rows, context.multiprocessors);
  const values = {
    in: {
      labels: rowLabels(labels),
      weights,
      accuracyLabels: rowLabels(accuracy?.inputs[1] ?? labels),
      scale: backward ? attributesOf("softmaxCrossEntropyBackward", backward).scale : 0,
    },
    out: {
      loss: lossSum,
      probabilities,
      correct: accuracy?.outputs[0],
      gradient: backward?.outputs[0],
    },
    rowSums: rowSums(2, blocks, context),
    rows,
    C: columns,
  };
  return { grid: [blocks, 1], values };
}
