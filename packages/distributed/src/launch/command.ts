import { spawnSync } from "node:child_process";
import { availableParallelism } from "node:os";
import { installHint } from "../mpi/library.js";

/** What is asked of `convoy-launch`. */
export interface LaunchRequest {
  readonly processes: number;
  readonly oversubscribe: boolean;
  /** Options for mpirun itself. */
  readonly launcherOptions: readonly string[];
  /** The script and its arguments. */
  readonly script: readonly string[];
}

/** A launcher that is installed. */
export interface Mpirun {
  readonly path: string;
  readonly kind: "openmpi" | "hydra";
}

export const usage: string = `convoy-launch -n <processes> [--oversubscribe] [options of mpirun] <script.mjs> [arguments of the script]

Starts a script in several processes that train together (@convoy/distributed), by the mpirun that is installed.

  -n, --processes <n>  how many
  --oversubscribe      more processes than cores: for trying out, not for speed
  --mpirun <path>      the mpirun to use; default: what CONVOY_MPIRUN names, else mpirun, mpiexec`;

/** Reads the command line. Throws an `Error` with what is wrong. */
export function parseLaunch(args: readonly string[]): LaunchRequest & { readonly mpirun?: string } {
  const launcherOptions: string[] = [];
  let processes: number | undefined;
  let oversubscribe = false;
  let mpirun: string | undefined;
  let position = 0;
  for (; position < args.length && args[position]!.startsWith("-"); position++) {
    const option = args[position]!;
    if (option === "-n" || option === "-np" || option === "--processes") {
      processes = Number(args[++position]);
    } else if (option === "--oversubscribe") {
      oversubscribe = true;
    } else if (option === "--mpirun") {
      mpirun = args[++position];
    } else {
      launcherOptions.push(option);
      // Of an option that is not known here the value is taken along, unless it looks like the script.
      const next = args[position + 1];
      if (next !== undefined && !next.startsWith("-") && !/[.][cm]?[jt]s$/.test(next)) {
        launcherOptions.push(next);
        position++;
      }
    }
  }
  const script = args.slice(position);
  if (processes === undefined || !Number.isInteger(processes) || processes < 1) {
    throw new Error(`-n takes the number of processes, from 1${processes === undefined ? "" : `, got ${processes}`}`);
  }
  if (script.length === 0) {
    throw new Error("no script to run");
  }
  return { processes, oversubscribe, launcherOptions, script, ...(mpirun === undefined ? {} : { mpirun }) };
}

/** The mpirun to use. Throws an `Error` that says what to install. */
export function findMpirun(asked: string | undefined = process.env.CONVOY_MPIRUN): Mpirun {
  const names = asked ? [asked] : ["mpirun", "mpiexec", "mpirun.openmpi", "mpirun.mpich"];
  for (const path of names) {
    const { stdout, error } = spawnSync(path, ["--version"], { encoding: "utf8" });
    if (error === undefined && /Open MPI|OpenRTE|PRTE/.test(stdout)) {
      return { path, kind: "openmpi" };
    }
    if (error === undefined && /HYDRA|Intel\(R\) MPI|MPICH/.test(stdout)) {
      return { path, kind: "hydra" };
    }
  }
  throw new Error(
    `no mpirun (tried ${names.join(", ")}). ${installHint}. On a cluster, srun starts the script as well: ` +
      "srun --mpi=pmix -n 4 node train.mjs",
  );
}

/** The command line of mpirun. */
export function launchArguments(kind: Mpirun["kind"], request: LaunchRequest): string[] {
  const { processes, oversubscribe, launcherOptions, script } = request;
  const own = kind === "openmpi" && oversubscribe ? ["--oversubscribe"] : [];
  return ["-n", String(processes), ...own, ...launcherOptions, process.execPath, ...script];
}

/** What is likely to go wrong, before it does. */
export function warnings(kind: Mpirun["kind"], request: LaunchRequest): string[] {
  const { processes, oversubscribe } = request;
  const cores = availableParallelism();
  const asRoot = process.getuid?.() === 0 && process.env.OMPI_ALLOW_RUN_AS_ROOT === undefined;
  return [
    ...(kind === "openmpi" && asRoot && !request.launcherOptions.includes("--allow-run-as-root")
      ? [
          "Open MPI refuses to run as root; in a container set OMPI_ALLOW_RUN_AS_ROOT=1 OMPI_ALLOW_RUN_AS_ROOT_CONFIRM=1",
        ]
      : []),
    ...(processes > cores && !oversubscribe
      ? [`${processes} processes on ${cores} cores get in each other's way; to try it out pass --oversubscribe`]
      : []),
  ];
}

/** What may have been the matter where all processes ended at once. */
export const failureHint: string =
  "where Open MPI complained of process_vm_readv or CMA, the container lacks CAP_SYS_PTRACE: set " +
  "OMPI_MCA_btl_vader_single_copy_mechanism=none";
