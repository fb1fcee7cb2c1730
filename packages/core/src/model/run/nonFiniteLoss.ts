import { NonFiniteLossError } from "../../errors.js";

/** @param epoch absent outside `fit` */
export function nonFiniteLoss(loss: number, step: number, epoch: number | undefined): NonFiniteLossError {
  const what =
    epoch === undefined
      ? `the loss of this batch is ${loss}`
      : `the loss became ${loss} in epoch ${epoch + 1}, step ${step + 1}`;
  return new NonFiniteLossError(
    `${what}; the model holds the last good weights. ` +
      "Try a smaller learning rate, clipping (globalClipNorm: 1), or inputs scaled to [0, 1]",
    { epoch: epoch ?? 0, step, loss },
  );
}
