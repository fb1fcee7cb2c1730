import { spawn, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** An MPI that is installed, with its mpirun. */
export interface InstalledMpi {
  readonly name: string;
  readonly mpirun: string;
}

const known = [
  { name: "Open MPI", sign: /Open MPI/, commands: ["mpirun.openmpi", "mpirun"] },
  { name: "MPICH", sign: /HYDRA/, commands: ["mpirun.mpich", "mpirun"] },
] as const;

/** Those of Open MPI and MPICH that are installed; says what tests are missing where there is none. */
export function installedMpis(): readonly InstalledMpi[] {
  const found = known.flatMap(({ name, sign, commands }) => {
    const mpirun = commands.find((command) =>
      sign.test(spawnSync(command, ["--version"], { encoding: "utf8" }).stdout ?? ""),
    );
    return mpirun === undefined ? [] : [{ name, mpirun }];
  });
  for (const { name } of known.filter((one) => !found.some((other) => other.name === one.name))) {
    console.warn(
      `Tests over ${name} are skipped: its mpirun is not installed (apt-get install openmpi-bin libopenmpi3 mpich)`,
    );
  }
  return found;
}

/** What a job has printed, and how it ended. */
export interface JobEnd {
  readonly code: number | null;
  readonly output: string;
  readonly durationMs: number;
  /** What scripts have written, by `report` of reports.mjs, in the order of ranks. */
  readonly reports: readonly unknown[];
}

/** What the processes of a job are started with. */
export const jobEnvironment: NodeJS.ProcessEnv = {
  ...process.env,
  OMPI_ALLOW_RUN_AS_ROOT: "1",
  OMPI_ALLOW_RUN_AS_ROOT_CONFIRM: "1",
  OMPI_MCA_rmaps_base_oversubscribe: "1",
  OMPI_MCA_btl_vader_single_copy_mechanism: "none",
  NO_COLOR: "1",
};

/** A script beside this file. */
export function scriptPath(name: string): string {
  return fileURLToPath(new URL(name, import.meta.url));
}

/** Runs a command to its end. */
export function runCommand(command: string, args: readonly string[], env: NodeJS.ProcessEnv = {}): Promise<JobEnd> {
  const started = performance.now();
  // Launchers mix the lines of processes.
  const folder = mkdtempSync(join(tmpdir(), "convoy-job-"));
  const child = spawn(command, args, {
    env: { ...jobEnvironment, ...env, REPORT_FOLDER: folder },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let output = "";
  const add = (chunk: Buffer): void => {
    output += chunk.toString();
  };
  child.stdout.on("data", add);
  child.stderr.on("data", add);
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      const names = readdirSync(folder).sort((a, b) => Number(a) - Number(b));
      const reports = names.map((name) => JSON.parse(readFileSync(join(folder, name), "utf8")) as unknown);
      rmSync(folder, { recursive: true });
      resolve({ code, output, durationMs: performance.now() - started, reports });
    });
  });
}

/** Runs a script of this folder in some processes. */
export function runJob(
  { mpirun }: InstalledMpi,
  processes: number,
  script: string,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<JobEnd> {
  return runCommand(mpirun, ["-n", String(processes), process.execPath, scriptPath(script), ...args], env);
}

/** What the ranks of a job have reported. Throws with all that it has printed where one has not, or the job failed. */
export function reportsOf<T>({ code, output, reports }: JobEnd, processes: number): readonly T[] {
  if (code !== 0 || reports.length !== processes) {
    throw new Error(`the job ended with code ${code} and ${reports.length} of ${processes} reports:\n${output}`);
  }
  return reports as T[];
}
