import { describe, expect, it } from "vitest";
import { installedMpis, reportsOf, runCommand, runJob, scriptPath } from "./testing/jobs.js";

interface Report {
  /** Samples that a process has made, by what for. */
  readonly counts: Readonly<Record<string, number>>;
  readonly shared: {
    readonly weights: string;
    readonly loss: readonly number[];
    readonly history: Readonly<Record<string, readonly number[]>>;
    readonly evaluation: Readonly<Record<string, number>>;
    readonly predictions: readonly number[];
  };
}

const alone = runCommand(process.execPath, [scriptPath("streaming.mjs")]).then((end) => reportsOf<Report>(end, 1)[0]!);

/** Batches of 8 samples that an epoch of 45 has, and the rest. */
const trainingBatches = [8, 8, 8, 8, 8, 5];
/** As core shares the rows of a batch out. */
const ownRows = (rows: number, rank: number, size: number): number =>
  Math.floor((rows * (rank + 1)) / size) - Math.floor((rows * rank) / size);
const sum = (numbers: readonly number[]): number => numbers.reduce((all, number) => all + number, 0);
/** Of batches of so many samples those that fall to a rank in turn. */
const inTurn = (size: number, rank: number, ranks: number): number =>
  sum(
    Array.from({ length: Math.ceil(45 / size) }, (_, at) => (at % ranks === rank ? Math.min(size, 45 - at * size) : 0)),
  );

for (const mpi of installedMpis()) {
  describe(mpi.name, () => {
    it.each([2, 3, 4])(
      "%i processes train what one trains, and each makes its own samples alone",
      async (size) => {
        const { shared: one, counts } = await alone;
        expect(counts).toEqual({ fit: 90, fitWhole: 90, evaluate: 45, predict: 45 });
        const ranks = reportsOf<Report>(await runJob(mpi, size, "streaming.mjs", []), size);
        for (const [rank, { shared, counts: made }] of ranks.entries()) {
          expect(shared, `rank ${rank}`).toEqual(ranks[0]!.shared);
          expect(made, `rank ${rank}`).toEqual({
            fit: 2 * sum(trainingBatches.map((rows) => ownRows(rows, rank, size))),
            fitWhole: 45 + inTurn(6, rank, size),
            evaluate: inTurn(7, rank, size),
            predict: inTurn(7, rank, size),
          });
        }
        const { shared } = ranks[0]!;
        for (const [name, values] of Object.entries(one.history)) {
          expectClose(name, shared.history[name]!, values);
        }
        expectClose("evaluation", Object.values(shared.evaluation), Object.values(one.evaluation));
        expectClose("predictions", shared.predictions, one.predictions);
      },
      60_000,
    );

    it("a data set that is shorter on a rank is named, with what is left", async () => {
      const { code, output } = await runJob(mpi, 3, "streaming.mjs", [JSON.stringify({ shorter: 2 })]);
      expect(code).not.toBe(0);
      expect(output).toMatch(
        /rank 2 has another rest of the data set \(none; rank 0 has 1 batches of 5 samples next\) than rank 0/,
      );
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
