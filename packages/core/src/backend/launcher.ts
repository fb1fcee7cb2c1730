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
      // srun --mpi=pmi2 sets MPICH's variables without those of the machine.
      const localRank =
        count(environment[localRankName]) ?? (kind === "hydra" ? count(environment.SLURM_LOCALID) : undefined) ?? rank;
      return { kind, rank, size, localRank, localSize: count(environment[localSizeName]) };
    }
  }
  return { kind: "none", rank: 0, size: 1, localRank: 0, localSize: 1 };
}

function count(text: string | undefined): number | undefined {
  return text !== undefined && /^\d+$/.test(text) ? Number(text) : undefined;
}
