import { describe, expect, it } from "vitest";
import { installedMpis, reportsOf, runCommand, runJob, scriptPath } from "./testing/jobs.js";

/** What a scenario has led to on a rank. */
interface Outcome {
  readonly history: Readonly<Record<string, readonly number[]>>;
  readonly weights: string;
  readonly evaluation: Readonly<Record<string, number>>;
  readonly predictions: readonly number[];
}

type RankReport = Readonly<Record<string, Outcome>>;

/** Scenarios that depend on the library or the number of processes; the others are tried once, with uneven parts. */
const always = [
  "plain",
  "deterministic",
  "unevenBatches",
  "fewerSamplesThanRanks",
  "wholeBatchStatistics",
  "overlapped",
];

const alone = runCommand(process.execPath, [scriptPath("scenarios.mjs")]).then(
  (end) => reportsOf<RankReport>(end, 1)[0]!,
);

/** Each process has statistics of its own there: what they train is not what one process trains. */
const unlikeOneProcess = ["ownStatistics"];

/** Weights of sums in a fixed order, by the number of processes, of the library that was tried first. */
const orderedWeights = new Map<number, string>();

for (const [index, mpi] of installedMpis().entries()) {
  describe(mpi.name, () => {
    it.each([2, 3, 4])("%i processes train what one trains", { timeout: 60_000 }, async (size) => {
      const names = index === 0 && size === 3 ? [] : always;
      const ranks = reportsOf<RankReport>(await runJob(mpi, size, "scenarios.mjs", names), size);
      for (const [name, one] of Object.entries(await alone)) {
        if (names.length > 0 && !names.includes(name)) {
          continue;
        }
        const outcomes = ranks.map((found) => found[name]!);
        expect(new Set(outcomes.map(({ weights }) => weights)).size, `weights of ${name}`).toBe(1);
        expect(new Set(outcomes.map((outcome) => JSON.stringify(outcome))).size, `all of ${name}`).toBe(1);
        if (!unlikeOneProcess.includes(name)) {
          const [first] = outcomes;
          for (const [key, values] of Object.entries(one.history)) {
            expectClose(`${name}: ${key}`, first!.history[key]!, values);
          }
          expectClose(`${name}: evaluation`, Object.values(first!.evaluation), Object.values(one.evaluation));
          expectClose(`${name}: predictions`, first!.predictions, one.predictions);
        }
      }
      // Whichever algorithms a library has chosen.
      const { weights } = ranks[0]!.deterministic!;
      expect(weights).toBe(orderedWeights.get(size) ?? weights);
      orderedWeights.set(size, weights);
    });
  });
}

/** Equal but for the roundings of sums in another order, over some dozens of steps. */
function expectClose(what: string, actual: readonly number[], expected: readonly number[]): void {
  expect(actual.length, what).toBe(expected.length);
  for (const [index, value] of expected.entries()) {
    expect(Math.abs(actual[index]! - value), `${what} ${index}: ${actual[index]} for ${value}`).toBeLessThan(
      2e-4 * Math.max(1, Math.abs(value)),
    );
  }
}
