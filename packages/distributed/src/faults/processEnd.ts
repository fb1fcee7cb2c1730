import type { Mpi } from "../mpi/mpi.js";
import type { Watch } from "./watch.js";

/**
 * Ends MPI with the process: in order where it ends well, and with all others of the job where it does not, as they would wait
 * for it for ever.
 * @param sayEnd tells the launcher that the process ends by itself
 */
export function endWithProcess(mpi: Mpi, watch: Watch, sayEnd: () => void): void {
  const who = `distributed: rank ${mpi.rank} of ${mpi.size}`;
  process.on("uncaughtExceptionMonitor", (error) => {
    console.error(`${who} ends with an error, and all others with it:`);
    console.error(error);
    sayEnd();
    mpi.abort(1);
  });
  process.on("exit", (code) => {
    if (mpi.ended) {
      return;
    }
    sayEnd();
    if (code === 0) {
      watch.sayGoodbye();
      mpi.finalize();
    } else {
      console.error(`${who} ends with exit code ${code}, and all others with it`);
      mpi.abort(code);
    }
  });
}
