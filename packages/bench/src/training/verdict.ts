import { formatShare } from "../report/numbers.js";
import type { Verdict } from "../report/result.js";
import { accuracyFloor, whyNoFloor } from "./accuracyFloors.js";
import type { Workload } from "./workload.js";

/**
 * How far a loss may be from the reference's, as a share of it. Rounding alone stays far below in so few
 * steps; another library's epsilon in Adam or order of sums in a batch normalization does not.
 */
const tolerance = { backend: 2e-3, peer: 1e-2 };
/** Standard errors by which a share of few test images may fall short of what is stated for all. */
const standardErrors = 3;

/** What there is to judge. */
export interface Judged {
  readonly losses: readonly number[];
  readonly testAccuracy: number | null;
  readonly testSamples: number;
  readonly samplesSeen: number;
}

/**
 * Whether first losses and accuracy are what they have to be.
 * @param expected losses of the reference's first steps; empty: not compared
 */
export function judge(
  { losses, testAccuracy, testSamples, samplesSeen }: Judged,
  expected: readonly number[],
  { model, dataset, batchSize }: Pick<Workload, "model" | "dataset" | "batchSize">,
  kind: keyof typeof tolerance = "backend",
): Verdict {
  const compared = expected.slice(0, losses.length);
  const wrong = compared.findIndex(
    (loss, step) => !(Math.abs((losses[step] as number) - loss) <= tolerance[kind] * Math.abs(loss)),
  );
  const floor = accuracyFloor(model, dataset, samplesSeen, batchSize);
  const lossesAgree = compared.length === 0 ? null : wrong === -1;
  const allowed = floor === null ? null : floor - standardErrors * Math.sqrt((floor * (1 - floor)) / testSamples);
  const accuracyReached = allowed === null || testAccuracy === null ? null : testAccuracy >= allowed;
  const reasons = [
    ...(lossesAgree === false
      ? [
          `the loss of step ${wrong + 1} is ${losses[wrong]?.toPrecision(6)}, the reference's ${compared[wrong]?.toPrecision(6)}`,
        ]
      : []),
    ...(accuracyReached === false
      ? [
          `${formatShare(testAccuracy)} of the test images, where ${formatShare(floor)} is expected after ${samplesSeen} samples`,
        ]
      : []),
  ];
  return {
    ...{ lossesAgree, accuracyReached },
    ...(reasons.length > 0 ? { reason: reasons.join("; ") } : {}),
    ...(floor === null && testAccuracy !== null ? { accuracyNotJudged: whyNoFloor(model, dataset, batchSize) } : {}),
  };
}

/** Whether nothing is wrong. */
export function passes(verdict: Verdict | null): boolean {
  return verdict?.reason === undefined;
}
