import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { ArgumentError, type Backend, detectLauncher, type Launcher } from "@convoy/core/backend";
import { DistributedBackend } from "./distributedBackend.js";
import { endWithProcess } from "./faults/processEnd.js";
import { Watch } from "./faults/watch.js";
import { MpiGroup } from "./group/mpiGroup.js";
import { openLaunchLine } from "./launch/launchLine.js";
import { Mpi } from "./mpi/mpi.js";

/** Settings of `distribute`. */
export interface DistributeOptions {
  /**
   * Whether sums over processes are made in the order of ranks, in float64: results then do not depend on which algorithm the
   * library chooses. Default false; it moves as many times the bytes as there are processes.
   */
  readonly deterministic?: boolean;
  /**
   * Whether batch normalization takes mean and variance from the whole batch in training. Default false: each process from its own part,
   * as most libraries do; two more messages a layer and pass otherwise.
   */
  readonly syncBatchNorm?: boolean;
  /** Path of the MPI library; default: what CONVOY_MPI_LIBRARY names, else the launcher's own. */
  readonly library?: string;
}

/** A backend over all processes of a job. */
export interface Distributed extends Backend {
  /** Number of this process, from 0. */
  readonly rank: number;
  /** How many processes there are; 1 without a launcher. */
  readonly size: number;
}

/** MPI can be started once a process. */
let started: Mpi | undefined;

/**
 * Has all processes that a launcher has started (`mpirun`, `srun`, `convoy-launch`) train one model together, each on its own
 * backend and its part of every batch: `batchSize` is that of all of them. Without a launcher it is the backend as it was.
 * Rank and size are in RANK, WORLD_SIZE and LOCAL_RANK afterwards.
 *
 * Every process runs the same script: `fit`, `evaluate` and `predict` are called by all of them, in the same order. Only rank 0 prints and
 * writes files. A process that ends with an error ends all others.
 *
 * Throws `BackendUnavailableError` where there is no MPI library, or not the launcher's, and `ArgumentError` where the processes
 * run different versions of Convoy.
 */
export async function distribute(backend: Backend, options: DistributeOptions = {}): Promise<Distributed> {
  const { deterministic = false, syncBatchNorm = false, library } = checked(options);
  const launcher = detectLauncher(process.env);
  exportRanks(launcher);
  if (launcher.kind === "none") {
    return Object.defineProperties(backend, { rank: { value: 0 }, size: { value: 1 } }) as unknown as Distributed;
  }
  if (started === undefined) {
    started = await Mpi.start(launcher, library);
    const line = await openLaunchLine(started.rank, started.size);
    endWithProcess(started, await Watch.start(started), line.sayEnd);
  }
  const group = new MpiGroup(started, { deterministic, syncBatchNorm });
  await group.expectSame({
    "version of Convoy": [convoyVersion()],
    backend: [backend.name],
    "choice of deterministic or syncBatchNorm": [JSON.stringify({ deterministic, syncBatchNorm })],
  });
  // Sums in a fixed order are made by the host.
  const joined = !deterministic && (await backend.joinGroup?.(group)) === true;
  const details = { mpi: started.version, library: started.path, host: hostname(), deterministic, syncBatchNorm };
  return new DistributedBackend(backend, group, joined, details);
}

const optionNames: readonly (keyof DistributeOptions)[] = ["deterministic", "syncBatchNorm", "library"];

function checked(options: DistributeOptions): DistributeOptions {
  const unknown = Object.keys(options).find((name) => !(optionNames as readonly string[]).includes(name));
  if (unknown !== undefined) {
    throw new ArgumentError(`distribute: there is no option "${unknown}"; there are ${optionNames.join(", ")}`);
  }
  return options;
}

function exportRanks({ rank, size, localRank }: Launcher): void {
  Object.assign(process.env, { RANK: String(rank), WORLD_SIZE: String(size), LOCAL_RANK: String(localRank) });
}

function convoyVersion(): string {
  const { version } = JSON.parse(readFileSync(new URL("../package.json", import.meta.url), "utf8")) as {
    readonly version: string;
  };
  return version;
}
