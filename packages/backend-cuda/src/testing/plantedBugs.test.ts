import { spawnSync } from "node:child_process";
import { describe, expect, it } from "vitest";
import { buildEmulator } from "./emulator.js";

const runner = buildEmulator("--bugs", "--runner");
const note = runner === undefined ? " (skipped: no g++)" : "";

interface Findings {
  readonly sameInEveryOrder: boolean;
  readonly hasNaN: boolean;
  readonly reports: number;
  readonly lastReport: string;
}

function run(kernel: string): Findings {
  return JSON.parse(spawnSync(runner!, [kernel], { encoding: "utf8" }).stdout) as Findings;
}

/** What of a kernel the emulator must notice; kernels of emulator/bugs/bugs.cu. */
const bugs: { readonly [kernel: string]: (found: Findings) => boolean } = {
  missingBarrier: ({ sameInEveryOrder, hasNaN }) => !sameInEveryOrder && hasNaN,
  missingSecondBarrier: ({ sameInEveryOrder }) => !sameInEveryOrder,
  divergentBarrier: ({ lastReport }) => lastReport.includes("divergent barriers"),
  barrierAfterReturn: ({ lastReport }) =>
    lastReport.includes("barrier reached by 200 of 256 threads, 56 have returned"),
  unwrittenShared: ({ hasNaN }) => hasNaN,
  raceInWarp: ({ hasNaN }) => hasNaN,
  raceBetweenBlocks: ({ sameInEveryOrder }) => !sameInEveryOrder,
  laneOutsideMask: ({ reports }) => reports > 0,
  missingLanes: ({ lastReport }) => lastReport.includes("deadlock"),
  writeBehindEnd: ({ lastReport }) => lastReport.includes("wrote behind an allocation of 1024 bytes"),
};

describe.skipIf(runner === undefined)(`planted bugs in the emulator${note}`, () => {
  it("none where there is none", () => {
    expect(run("correct")).toEqual({ sameInEveryOrder: true, hasNaN: false, reports: 0, lastReport: "" });
  });

  for (const [kernel, isFound] of Object.entries(bugs)) {
    it(`finds ${kernel}`, () => {
      expect(run(kernel)).toSatisfy(isFound);
    });
  }
});
