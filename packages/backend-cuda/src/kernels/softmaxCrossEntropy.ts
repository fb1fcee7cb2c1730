import { packLabels } from "./accuracy.js";
import { Arguments } from "./arguments.js";
import { denseTensors } from "./convolution.js";
import type { Launch } from "./launch.js";
import { attributesOf, type BoundOp, type BoundTensor, type LaunchContext, type OpKernel, partOf } from "./op.js";
import { packRowSums, rowBlocks, rowsAndColumns } from "./rowsAndColumns.js";

/** Classes that one warp has a lane each for: up to here the logits are computed in the loss's own launch. */
export const mostFusedClasses = 32;

export const softmaxCrossEntropy: OpKernel = {
  launches: (op, context) => [lossLaunch(op, context)],
};

/** softmaxCrossEntropy with accuracy and the gradient of the logits, either optional. */
export const fusedSoftmaxLoss: OpKernel = {
  supports(op) {
    const accuracy = partOf(op, "accuracy");
    return (
      accuracy === undefined ||
      attributesOf("accuracy", accuracy).labels !== "binary" ||
      "the fused loss counts rows, not elements: binary accuracy runs apart"
    );
  },
  launches: (op, context) => [lossLaunch(op, context)],
};

export const softmaxCrossEntropyBackward: OpKernel = {
  launches(op, { multiprocessors }) {
    const [probabilities, labels, weights] = op.inputs as [BoundTensor, BoundTensor, BoundTensor?];
    const [rows, columns] = rowsAndColumns(probabilities.shape);
    return [
      {
        kernel: "softmaxCrossEntropyBackward",
        grid: [rowBlocks(rows, multiprocessors * 4), 1],
        arguments: new Arguments()
          .pointer(probabilities.address)
          .struct((to) => packLabels(to, labels))
          .pointer(weights?.address ?? 0)
          .pointer(op.outputs[0]!.address)
          .float(attributesOf("softmaxCrossEntropyBackward", op).scale)
          .int(rows, columns),
      },
    ];
  },
};

/** A dense layer without activation and the loss of its output, in one launch. */
export function denseLossLaunch(dense: BoundOp, loss: BoundOp, context: LaunchContext): Launch {
  const { input, kernel, bias } = denseTensors(dense);
  const [, K] = input.shape as [number, number];
  return lossLaunch(
    loss,
    context,
    (to) =>
      to
        .pointer(input.address)
        .pointer(kernel.address)
        .pointer(bias?.address ?? 0),
    K,
  );
}

/** The loss of given logits, or of those that `packDense` describes with their inner size `depth`. */
function lossLaunch(
  op: BoundOp,
  context: LaunchContext,
  packDense?: (to: Arguments) => Arguments,
  depth?: number,
): Launch {
  const loss = partOf<BoundOp>(op, "softmaxCrossEntropy") ?? op;
  const accuracy = partOf<BoundOp>(op, "accuracy");
  const backward = partOf<BoundOp>(op, "softmaxCrossEntropyBackward");
  const [logits, labels, weights] = loss.inputs as [BoundTensor, BoundTensor, BoundTensor?];
  const [lossSum, probabilities] = loss.outputs as [BoundTensor, BoundTensor];
  const [rows, columns] = rowsAndColumns(logits.shape);
  const blocks = rowBlocks(rows, context.multiprocessors);
  const packed = new Arguments();
  packDense ? packDense(packed) : packed.pointer(logits.address);
  packed
    .struct((to) => packLabels(to, labels))
    .pointer(weights?.address ?? 0)
    .struct((to) => packLabels(to, accuracy?.inputs[1] ?? labels))
    .float(backward ? attributesOf("softmaxCrossEntropyBackward", backward).scale : 0)
    .pointer(lossSum.address)
    .pointer(probabilities.address)
    .pointer(accuracy?.outputs[0]?.address ?? 0)
    .pointer(backward?.outputs[0]?.address ?? 0)
    .struct((to) => packRowSums(to, 2, blocks, context))
    .int(rows, ...(depth === undefined ? [] : [depth]), columns);
  return {
    kernel: packDense ? "denseSoftmaxCrossEntropy" : "softmaxCrossEntropy",
    grid: [blocks, 1],
    arguments: packed,
  };
}
