import { spawnSync } from "node:child_process";
import { expect, it } from "vitest";
import { runRanksCommand } from "./ranksCommand.js";

const hasMpi = spawnSync("mpirun", ["--version"]).status === 0;
if (!hasMpi) {
  console.warn("bench --ranks is tried with one process: there is no mpirun (apt-get install openmpi-bin libopenmpi3)");
}

it("measures training in several processes", { timeout: 60_000 }, async () => {
  process.env.OMPI_ALLOW_RUN_AS_ROOT ??= "1";
  process.env.OMPI_ALLOW_RUN_AS_ROOT_CONFIRM ??= "1";
  const lines: string[] = [];
  const counts = hasMpi ? "1,2" : "1";
  await runRanksCommand(["--ranks", counts, "--epochs", "1", "--samples", "256"], (line) => lines.push(line));
  const rows = lines.join("\n").match(/^ +\d+ +\d+ +[\d,]+ +\d+%$/gm);
  expect(rows).toHaveLength(hasMpi ? 2 : 1);
});
