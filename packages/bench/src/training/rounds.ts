import type { Participant } from "../participants/participant.js";
import type { Rounds } from "../report/result.js";
import { medianInterval } from "./medianInterval.js";
import { median } from "./percentile.js";

/** Milliseconds of training in a round; at least a step. */
const trainingMs = 250;
/** Milliseconds of evaluation in a round. */
const evaluationMs = 150;
/** What takes longer for a step takes no turns: the others would wait for it. */
const slowestStepMs = 1500;

/** Who takes turns. */
export interface Contender {
  readonly participant: Participant;
  readonly canTrain: boolean;
  readonly stepMs: number | null;
}

/** The figures of something over all rounds; medians, with their confidence intervals. */
export interface RoundFigures {
  readonly trainUsPerSample: number | null;
  readonly evaluateUsPerSample: number | null;
  readonly rounds: Rounds;
}

/** Whether something can take turns. */
export function takesTurns({ canTrain, stepMs }: Contender): boolean {
  return !canTrain || (stepMs !== null && stepMs <= slowestStepMs);
}

/**
 * Lets all train and evaluate in turns, a number of times. Rejects with what goes wrong; `onRound` is told how many rounds are
 * done.
 */
export async function takeTurns(
  contenders: readonly Contender[],
  count: number,
  onRound: (done: number) => void = () => undefined,
): Promise<RoundFigures[]> {
  const times = contenders.map(() => ({ train: [] as number[], evaluate: [] as number[] }));
  for (let round = 0; round < count; round++) {
    for (const [index, { participant, canTrain }] of contenders.entries()) {
      const { train, evaluate } = times[index]!;
      if (canTrain) {
        train.push(await participant.timeTraining(trainingMs));
      }
      evaluate.push((await participant.evaluate(evaluationMs)).evaluateUsPerSample as number);
    }
    onRound(round + 1);
  }
  return times.map(({ train, evaluate }) => ({
    trainUsPerSample: median(train),
    evaluateUsPerSample: median(evaluate),
    rounds: { count, trainUsPerSample: medianInterval(train), evaluateUsPerSample: medianInterval(evaluate) },
  }));
}
