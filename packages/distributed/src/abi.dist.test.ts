import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { installedMpis, reportsOf, runJob, scriptPath } from "./testing/jobs.js";

interface Report {
  readonly weights: string;
  readonly loss: number;
  readonly library: string;
  readonly mpi: string;
}

const folder = mkdtempSync(join(tmpdir(), "convoy-abi-"));
afterAll(() => rmSync(folder, { recursive: true }));

/** The ABI over MPICH, as no MPI that has it may be installed. */
function build(): string | undefined {
  const library = join(folder, "libmpi_abi.so.0");
  const options = ["-std=c++17", "-shared", "-fPIC", "-O1", "-Wall", "-Werror", "-o", library];
  const { status, stderr, error } = spawnSync("g++", [...options, scriptPath("mpiAbi.cpp"), "-ldl"], {
    encoding: "utf8",
  });
  if (error !== undefined) {
    console.warn("Tests over the ABI of MPI 5 are skipped: there is no g++");
    return undefined;
  }
  expect(stderr).toBe("");
  expect(status).toBe(0);
  return library;
}

const mpich = installedMpis().find(({ name }) => name === "MPICH");

describe.skipIf(mpich === undefined)("a library with the ABI of MPI 5", () => {
  const library = mpich && build();
  const settings = [JSON.stringify({ after: true })];

  it.skipIf(library === undefined)(
    "is preferred to others, and trains to the same bits",
    async () => {
      const paths = [folder, ...(process.env.LD_LIBRARY_PATH ?? "").split(":").filter(Boolean)].join(":");
      const direct = reportsOf<Report>(await runJob(mpich!, 2, "training.mjs", settings), 2);
      const overAbi = reportsOf<Report>(
        await runJob(mpich!, 2, "training.mjs", settings, { LD_LIBRARY_PATH: paths }),
        2,
      );
      expect(direct[0]!.library).not.toContain("abi");
      for (const report of overAbi) {
        expect(report.library).toBe("libmpi_abi.so.0");
        expect(report.mpi).toMatch(/^the ABI of MPI 5 over MPICH/);
        expect(report).toMatchObject({ weights: direct[0]!.weights, loss: direct[0]!.loss });
      }
    },
    60_000,
  );
});
