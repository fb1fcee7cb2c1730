import { expect, it } from "vitest";
import type { Participant } from "../participants/participant.js";
import { timeInTurns } from "./timeInTurns.js";

/** A version that has these ops and writes down what it is asked for; its times count up. */
function version(name: string, ops: readonly string[], asked: string[]): Participant {
  const answer = async (what: string): Promise<number> => {
    asked.push(`${name} ${what}`);
    return asked.length;
  };
  const version: Partial<Participant> = {
    opNames: async () => ops,
    timeOp: (op) => answer(op),
    timeTraining: () => answer("training"),
  };
  return version as Participant;
}

it("times each op in both versions right after each other, each first in every second round", async () => {
  const asked: string[] = [];
  const done: string[] = [];
  const [base, head] = [version("base", ["1. a", "2. b"], asked), version("head", ["2. b", "3. c"], asked)];
  const times = await timeInTurns(base, head, 2, (text) => done.push(text));
  expect(asked).toEqual([
    ...["base 2. b", "head 2. b", "base training", "head training"],
    ...["head 2. b", "base 2. b", "head training", "base training"],
  ]);
  expect(times).toEqual([
    { name: "2. b", base: [1, 6], head: [2, 5] },
    { name: "a training step, per image", base: [3, 8], head: [4, 7] },
  ]);
  expect(done).toEqual(["round 1 of 2", "round 2 of 2"]);
});
