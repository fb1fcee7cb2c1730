import type { Participant } from "../participants/participant.js";
import type { PairedTimes } from "./judgeRounds.js";

/** Milliseconds of each op, and of training, in a turn: short, so that a machine that is slower for a while is so for both. */
const opMs = 5;
const trainingMs = 60;

/**
 * The times of two versions. In each round every op runs in one right after the other, each first in every second round, and so
 * does training. An op that one of them does not have cannot be compared.
 */
export async function timeInTurns(
  base: Participant,
  head: Participant,
  rounds: number,
  status: (text: string) => void,
): Promise<PairedTimes[]> {
  const inHead = new Set(await head.opNames());
  const common = (await base.opNames()).filter((name) => inHead.has(name));
  const timed = [
    ...common.map((name) => ({ name, time: (version: Participant) => version.timeOp(name, opMs) })),
    { name: "a training step, per image", time: (version: Participant) => version.timeTraining(trainingMs) },
  ].map((each) => ({ ...each, base: [] as number[], head: [] as number[] }));
  for (let round = 0; round < rounds; round++) {
    for (const { time, base: ofBase, head: ofHead } of timed) {
      const turns = [async () => ofBase.push(await time(base)), async () => ofHead.push(await time(head))];
      for (const turn of round % 2 === 0 ? turns : turns.reverse()) {
        await turn();
      }
    }
    status(`round ${round + 1} of ${rounds}`);
  }
  return timed.map(({ name, base: ofBase, head: ofHead }) => ({ name, base: ofBase, head: ofHead }));
}
