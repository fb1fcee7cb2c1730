import { CommanderError } from "commander";
import { expect, it } from "vitest";
import { formatRanksTable } from "./measureRanks.js";
import { runRanksCommand } from "./ranksCommand.js";

it("shows speed and efficiency by the number of processes", () => {
  const table = formatRanksTable([
    { ranks: 1, threads: 2, samplesPerSecond: 8000, efficiency: 1 },
    { ranks: 2, threads: 1, samplesPerSecond: 7600.4, efficiency: 0.95005 },
  ]);
  expect(table.split("\n").map((line) => line.trim())).toEqual([
    "processes  threads each  samples a second  efficiency",
    "---------  ------------  ----------------  ----------",
    "1             2             8,000        100%",
    "2             1             7,600         95%",
  ]);
});

it("refuses numbers of processes that are none", async () => {
  await expect(runRanksCommand(["--ranks", "1,zero"], () => undefined)).rejects.toThrow(CommanderError);
});
