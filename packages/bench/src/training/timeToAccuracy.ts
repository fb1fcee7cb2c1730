import type { Participant, TrainingGoal } from "../participants/participant.js";
import { nothingMeasured, type TimeToAccuracy } from "../report/result.js";
import { countOf, type Workload } from "./workload.js";

/** Stretches that an epoch is trained in, an evaluation after each. */
const stretches = 12;
/** Milliseconds of an evaluation; the accuracy has to be that of all test images, or of many. */
const evaluationMs = 5000;

/** What is asked for. */
export interface TargetOptions {
  readonly target: number;
  /** Ends training that does not get there. */
  readonly goal: TrainingGoal;
  /** Milliseconds that opening took, compilation not included. */
  readonly openedMs: number;
  readonly status: (text: string) => void;
}

/** Trains in stretches of a twelfth of an epoch until the accuracy is reached, or as long as the goal allows. */
export async function trainToAccuracy(
  participant: Participant,
  { train, batchSize }: Workload,
  { target, goal: { epochs, timeLimitMs = Infinity }, openedMs, status }: TargetOptions,
): Promise<typeof nothingMeasured & { readonly timeToAccuracy: TimeToAccuracy }> {
  const stretch = Math.max(batchSize, Math.floor(countOf(train) / stretches / batchSize) * batchSize);
  const most = epochs * countOf(train);
  const curve: TimeToAccuracy["curve"][number][] = [];
  status("first step");
  const started = performance.now();
  const training = await participant.train({ epochs: 1, samples: stretch });
  let coldMs = openedMs + performance.now() - started;
  let warmMs = ((training.trainUsPerSample as number) * training.samplesSeen) / 1000;
  let samplesSeen = training.samplesSeen;
  let evaluation = await participant.evaluate(evaluationMs);
  const note = (): void => {
    const accuracy = evaluation.testAccuracy as number;
    curve.push({ seconds: warmMs / 1000, samplesSeen, accuracy });
    status(`${samplesSeen.toLocaleString("en-US")} images, ${(accuracy * 100).toFixed(2)}% right`);
  };
  note();
  const isReached = (): boolean => (evaluation.testAccuracy as number) >= target;
  while (!isReached() && samplesSeen < most && warmMs < timeLimitMs) {
    const begin = performance.now();
    warmMs += await participant.trainMore(stretch);
    coldMs += performance.now() - begin;
    samplesSeen += stretch;
    evaluation = await participant.evaluate(evaluationMs);
    note();
  }
  const peakMemoryBytes = await participant.peakMemoryBytes();
  const timeToAccuracy = {
    ...{ target, reached: isReached(), samplesSeen, coldSeconds: coldMs / 1000, warmSeconds: warmMs / 1000, curve },
  };
  return { ...nothingMeasured, ...training, ...evaluation, samplesSeen, peakMemoryBytes, timeToAccuracy };
}
