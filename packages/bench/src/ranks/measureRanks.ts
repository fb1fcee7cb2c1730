import { spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { availableParallelism, tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type applications, BackendUnavailableError } from "@convoy/core";
import { formatTable } from "../report/table.js";

/** What `bench --ranks` is asked for. */
export interface RanksRequest {
  /** Numbers of processes. */
  readonly ranks: readonly number[];
  readonly model: applications.NetworkName;
  /** Samples of a step, of all processes together. */
  readonly batchSize: number;
  readonly epochs: number;
  readonly samples: number;
  readonly seed: number;
  /** Of each process; default: the cores of this machine divided by the processes. */
  readonly threads?: number;
}

/** What a process is told. */
export interface RankRequest extends Omit<RanksRequest, "ranks"> {
  readonly threads: number;
  readonly resultFile: string;
}

/** The speed of some processes together. */
export interface RanksResult {
  readonly ranks: number;
  readonly threads: number;
  /** The best epoch counts: others of the machine's work slow single ones down. */
  readonly samplesPerSecond: number;
  /** Speed by that of the first number of processes, with as many threads in all. */
  readonly efficiency: number;
}

/**
 * Trains on synthetic digits in each number of processes, with all cores shared out among them. Throws `BackendUnavailableError` where
 * @convoy/distributed is not installed or the processes fail.
 */
export async function measureRanks(request: RanksRequest): Promise<RanksResult[]> {
  const launcher = findLauncher();
  const results: RanksResult[] = [];
  for (const ranks of request.ranks) {
    const threads = request.threads ?? Math.max(1, Math.floor(availableParallelism() / ranks));
    const epochMs = await run(launcher, ranks, { ...request, threads });
    const samplesPerSecond = (1000 * request.samples) / Math.min(...epochMs);
    const [first] = results;
    const share = first === undefined ? 1 : (ranks * threads) / (first.ranks * first.threads);
    const efficiency = first === undefined ? 1 : samplesPerSecond / (first.samplesPerSecond * share);
    results.push({ ranks, threads, samplesPerSecond, efficiency });
  }
  return results;
}

/** Where the built files are: beside this one, or in dist when the sources themselves are run. */
const dist = new URL(import.meta.url.endsWith(".ts") ? "../../dist/ranks/" : "./", import.meta.url);

/** A row for each number of processes. */
export function formatRanksTable(results: readonly RanksResult[]): string {
  const right = { align: "right" } as const;
  const headings = ["processes", "threads each", "samples a second", "efficiency"];
  return formatTable(
    headings.map((heading) => ({ heading, ...right })),
    results.map(({ ranks, threads, samplesPerSecond, efficiency }) => [
      ...[String(ranks), String(threads), Math.round(samplesPerSecond).toLocaleString("en-US")],
      `${(100 * efficiency).toFixed(0)}%`,
    ]),
  );
}

function findLauncher(): string {
  try {
    const manifest = createRequire(import.meta.url).resolve("@convoy/distributed/package.json");
    return join(dirname(manifest), "dist/launch/main.js");
  } catch (cause) {
    throw new BackendUnavailableError("--ranks needs @convoy/distributed: npm install @convoy/distributed", { cause });
  }
}

/** Milliseconds of each epoch. */
async function run(launcher: string, ranks: number, request: Omit<RankRequest, "resultFile">): Promise<number[]> {
  const folder = mkdtempSync(join(tmpdir(), "convoy-bench-"));
  const resultFile = join(folder, "epochs.json");
  try {
    const script = [fileURLToPath(new URL("rank.js", dist)), JSON.stringify({ ...request, resultFile })];
    // One process needs no launcher, and is measured where there is no MPI.
    const command = ranks === 1 ? script : [launcher, "-n", String(ranks), "--oversubscribe", ...script];
    const child = spawn(process.execPath, command, { stdio: ["ignore", "ignore", "inherit"] });
    const code = await new Promise<number | null>((resolve) => child.on("close", resolve));
    if (code !== 0) {
      throw new BackendUnavailableError(
        `--ranks: ${ranks} processes of @convoy/distributed ended with exit code ${code}`,
      );
    }
    return JSON.parse(readFileSync(resultFile, "utf8")) as number[];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
