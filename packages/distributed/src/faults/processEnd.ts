import type { Mpi } from "../mpi/mpi.js";
import type { Watch } from "./watch.js";

/** How long what has been written is given to go out before the launcher kills all: MPICH's drops what it has not read yet. */
const flushMs = 100;

function letOutputOut(): void {
  // The process is at its end: no timer would run any more.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, flushMs);
}

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
    letOutputOut();
    mpi.abort(1);
  });
  process.on("exit", (code) => {
    if (mpi.ended) {
      return;
    }
    sayEnd();
    if (code === 0 && mpi.underWay === undefined) {
      watch.sayGoodbye();
      mpi.finalize();
    } else {
      const during = mpi.underWay === undefined ? "" : ` in the middle of ${mpi.underWay}`;
      console.error(`${who} ends with exit code ${code}${during}, and all others with it`);
      letOutputOut();
      mpi.abort(code || 1);
    }
  });
}
