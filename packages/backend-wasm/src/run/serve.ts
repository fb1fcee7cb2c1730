import type { RunExport } from "./job.js";
import type { FromWorker, ToWorker } from "./messages.js";

/** A worker's whole life: instantiate the module on the shared memory, then run its share of every job. */
export function serve(answer: (message: FromWorker) => void): (message: ToWorker) => Promise<void> {
  let run: ((message: ToWorker & { kind: "run" }) => number) | undefined;
  return async (message) => {
    try {
      if (message.kind === "start") {
        const { module, memory, control, thread, threads } = message;
        const instance = await WebAssembly.instantiate(module, { env: { memory } });
        const exported = instance.exports.run as RunExport;
        run = ({ scratch, scratchStride, program, steps, stepCount, results }) =>
          exported(control, thread, threads, scratch + thread * scratchStride, program, steps, stepCount, results);
        answer({ kind: "ready" });
      } else {
        answer({ kind: "done", complete: run!(message) === 0 });
      }
    } catch (error) {
      answer({ kind: "failed", reason: error instanceof Error ? error.message : String(error) });
    }
  };
}
