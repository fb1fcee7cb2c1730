import { expect, it } from "vitest";
import { detectLauncher, type Launcher } from "./launcher.js";

const alone: Launcher = { kind: "none", rank: 0, size: 1, localRank: 0, localSize: 1 };

it.each<[string, Record<string, string>, Launcher]>([
  [
    "Open MPI's mpirun",
    {
      OMPI_COMM_WORLD_RANK: "5",
      OMPI_COMM_WORLD_SIZE: "8",
      OMPI_COMM_WORLD_LOCAL_RANK: "1",
      OMPI_COMM_WORLD_LOCAL_SIZE: "4",
    },
    { kind: "openmpi", rank: 5, size: 8, localRank: 1, localSize: 4 },
  ],
  [
    "MPICH's mpirun",
    { PMI_RANK: "2", PMI_SIZE: "3", MPI_LOCALRANKID: "2", MPI_LOCALNRANKS: "3" },
    { kind: "hydra", rank: 2, size: 3, localRank: 2, localSize: 3 },
  ],
  [
    "srun",
    { SLURM_PROCID: "9", SLURM_NTASKS: "16", SLURM_LOCALID: "1", SLURM_STEP_ID: "0" },
    { kind: "slurm", rank: 9, size: 16, localRank: 1, localSize: undefined },
  ],
  [
    "srun --mpi=pmi2",
    { PMI_RANK: "9", PMI_SIZE: "16", SLURM_PROCID: "9", SLURM_NTASKS: "16", SLURM_LOCALID: "1", SLURM_STEP_ID: "0" },
    { kind: "hydra", rank: 9, size: 16, localRank: 1, localSize: undefined },
  ],
  [
    "srun --mpi=pmix on several machines, in an allocation of more",
    {
      PMIX_RANK: "5",
      PMIX_NAMESPACE: "slurm.pmix.12.0",
      SLURM_PROCID: "5",
      SLURM_NTASKS: "64",
      SLURM_STEP_NUM_TASKS: "7",
      SLURM_STEP_ID: "0",
      SLURM_LOCALID: "1",
      SLURM_NODEID: "1",
      SLURM_STEP_TASKS_PER_NODE: "4,3(x1)",
    },
    { kind: "slurm", rank: 5, size: 7, localRank: 1, localSize: 3 },
  ],
  [
    "srun --mpi=pmi2 on several machines",
    {
      PMI_RANK: "6",
      PMI_SIZE: "11",
      SLURM_PROCID: "6",
      SLURM_STEP_NUM_TASKS: "11",
      SLURM_STEP_ID: "1",
      SLURM_LOCALID: "2",
      SLURM_NODEID: "1",
      SLURM_STEP_TASKS_PER_NODE: "4(x2),3",
    },
    { kind: "hydra", rank: 6, size: 11, localRank: 2, localSize: 4 },
  ],
  [
    "MPICH's mpirun within Slurm, whose srun has started one proxy a machine,",
    {
      PMI_RANK: "3",
      PMI_SIZE: "4",
      MPI_LOCALRANKID: "1",
      MPI_LOCALNRANKS: "2",
      SLURM_PROCID: "1",
      SLURM_STEP_NUM_TASKS: "2",
      SLURM_STEP_ID: "0",
      SLURM_LOCALID: "0",
      SLURM_NODEID: "1",
      SLURM_STEP_TASKS_PER_NODE: "1(x2)",
    },
    { kind: "hydra", rank: 3, size: 4, localRank: 1, localSize: 2 },
  ],
  [
    "Open MPI's mpirun within Slurm",
    {
      OMPI_COMM_WORLD_RANK: "2",
      OMPI_COMM_WORLD_SIZE: "4",
      OMPI_COMM_WORLD_LOCAL_RANK: "0",
      OMPI_COMM_WORLD_LOCAL_SIZE: "2",
      SLURM_PROCID: "1",
      SLURM_STEP_ID: "0",
      SLURM_STEP_NUM_TASKS: "2",
      SLURM_STEP_TASKS_PER_NODE: "1(x2)",
    },
    { kind: "openmpi", rank: 2, size: 4, localRank: 0, localSize: 2 },
  ],
  [
    "whatever sets RANK",
    { RANK: "1", WORLD_SIZE: "2", LOCAL_RANK: "0", LOCAL_WORLD_SIZE: "1" },
    { kind: "environment", rank: 1, size: 2, localRank: 0, localSize: 1 },
  ],
  ["nothing", {}, alone],
  ["a Slurm allocation without srun", { SLURM_PROCID: "0", SLURM_NTASKS: "16" }, alone],
  ["a script that has said that it is alone", { RANK: "0", WORLD_SIZE: "1", LOCAL_RANK: "0" }, alone],
  ["numbers that are none", { PMI_RANK: "first", PMI_SIZE: "2" }, alone],
])("finds out that %s has started the process", (_, environment, launcher) => {
  expect(detectLauncher(environment)).toEqual(launcher);
});
