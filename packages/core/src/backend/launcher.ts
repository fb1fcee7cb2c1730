/** What starts processes: Open MPI's mpirun, MPICH's (hydra), Slurm's srun, something that sets RANK and WORLD_SIZE, or nothing. */
export type LauncherKind = "openmpi" | "hydra" | "slurm" | "environment" | "none";

/** Where this process stands, by what its launcher has put into the environment. */
export interface Launcher {
  readonly kind: LauncherKind;
  readonly rank: number;
  readonly size: number;
  /** Among the processes of this machine. */
  readonly localRank: number;
  /** Processes on this machine, where the launcher says. */
  readonly localSize: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

/** Names of variables by launcher: [rank], [size], [rank on the machine], [processes on the machine]. */
const variables: readonly (readonly [LauncherKind, string, string, string, string])[] = [
  [
    "openmpi",
    "OMPI_COMM_WORLD_RANK",
    "OMPI_COMM_WORLD_SIZE",
    "OMPI_COMM_WORLD_LOCAL_RANK",
    "OMPI_COMM_WORLD_LOCAL_SIZE",
  ],
  ["hydra", "PMI_RANK", "PMI_SIZE", "MPI_LOCALRANKID", "MPI_LOCALNRANKS"],
  // Of the step that srun has started; SLURM_NTASKS may be that of the allocation.
  ["slurm", "SLURM_PROCID", "SLURM_STEP_NUM_TASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE"],
  ["slurm", "SLURM_PROCID", "SLURM_NTASKS", "SLURM_LOCALID", "SLURM_NTASKS_PER_NODE"],
  ["environment", "RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE"],
];

/**
 * Reads the environment, of which a backend takes its share of the machine: threads by `localSize`, a card by `localRank`. Without a
 * launcher it is rank 0 of 1.
 */
export function detectLauncher(environment: Environment): Launcher {
  for (const [kind, rankName, sizeName, localRankName, localSizeName] of variables) {
    const [rank, size] = [count(environment[rankName]), count(environment[sizeName])];
    // A script in a Slurm allocation that srun has not started has SLURM_NTASKS as well, but no step of its own. RANK and WORLD_SIZE
    // of one process say nothing.
    const started =
      (kind !== "slurm" || environment.SLURM_STEP_ID !== undefined) && (kind !== "environment" || size !== 1);
    if (rank !== undefined && size !== undefined && size > 0 && started) {
      // srun --mpi=pmi2 sets MPICH's variables without those of the machine. Under mpirun, Slurm's are of what has started the processes.
      const localRank = count(environment[localRankName]);
      const bySlurm = kind === "slurm" || (kind === "hydra" && localRank === undefined);
      return {
        kind,
        rank,
        size,
        localRank: localRank ?? (bySlurm ? count(environment.SLURM_LOCALID) : undefined) ?? rank,
        localSize: (bySlurm ? tasksOfNode(environment) : undefined) ?? count(environment[localSizeName]),
      };
    }
  }
  return { kind: "none", rank: 0, size: 1, localRank: 0, localSize: 1 };
}

/** Processes of Slurm's step on this machine, out of a list such as "4(x2),3": two machines with 4, one with 3. */
function tasksOfNode({ SLURM_STEP_TASKS_PER_NODE: list, SLURM_NODEID: node }: Environment): number | undefined {
  const counts = (list ?? "").split(",").flatMap((part) => {
    const [, tasks, machines = "1"] = /^(\d+)(?:\(x(\d+)\))?$/.exec(part) ?? [];
    return tasks === undefined ? [] : new Array<number>(Number(machines)).fill(Number(tasks));
  });
  return counts[count(node) ?? 0];
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
