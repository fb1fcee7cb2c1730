import type { Participant, TrainingGoal } from "../participants/participant.js";
import type { TrainingRequest } from "./trainingRequest.js";

/** Seconds of training where nobody says how much: enough for an accuracy, and everything together ends within a minute. */
export const usualSeconds = 10;
/** Epochs after which an accuracy that was asked for is given up. */
const targetEpochs = 10;

/** How long something trains. What is slow trains no longer for `epochs` alone, only for samples or seconds that are asked for. */
export function goalOf(
  {
    epochs,
    trainSamples,
    timeLimit,
    targetAccuracy,
  }: Pick<TrainingRequest, "epochs" | "trainSamples" | "timeLimit" | "targetAccuracy">,
  { slow }: Pick<Participant, "slow">,
): TrainingGoal {
  if (targetAccuracy !== undefined) {
    // What reaches it ends by itself.
    return { epochs: epochs ?? targetEpochs, ...(timeLimit === undefined ? {} : { timeLimitMs: timeLimit * 1000 }) };
  }
  const isSaid = trainSamples !== undefined || (epochs !== undefined && !slow);
  const seconds = timeLimit ?? (isSaid ? undefined : usualSeconds);
  return { epochs: epochs ?? 1, ...(seconds === undefined ? {} : { timeLimitMs: seconds * 1000 }) };
}
