import type { Participant } from "../participants/participant.js";
import type { PairedTimes } from "./judgeRounds.js";

/** Milliseconds of each op, and of training, in a round. */
const opMs = 12;
const trainingMs = 150;

/** The times of two versions: both in every round, each first in every second one. */
export async function timeInTurns(
  base: Participant,
  head: Participant,
  rounds: number,
  status: (text: string) => void,
): Promise<PairedTimes[]> {
  const times = new Map<string, { name: string; base: number[]; head: number[] }>();
  const measure = async (which: "base" | "head", participant: Participant): Promise<void> => {
    const measured = {
      ...(await participant.timeOps(opMs)),
      "a training step, per image": await participant.timeTraining(trainingMs),
    };
    for (const [name, us] of Object.entries(measured)) {
      const entry = times.get(name) ?? { name, base: [], head: [] };
      entry[which].push(us);
      times.set(name, entry);
    }
  };
  for (let round = 0; round < rounds; round++) {
    const order = [() => measure("base", base), () => measure("head", head)];
    for (const turn of round % 2 === 0 ? order : order.reverse()) {
      await turn();
    }
    status(`round ${round + 1} of ${rounds}`);
  }
  // An op that one of them does not have cannot be compared.
  return [...times.values()].filter(({ base: one, head: other }) => one.length === other.length);
}
