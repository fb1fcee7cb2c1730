import { constants } from "node:os";
import type { Koffi } from "./library.js";

/** Signals of memory faults, by which the engine turns a WASM module's access beyond its memory into an exception. */
const faultSignals = ["SIGSEGV", "SIGBUS"] as const;
/** More than the system's struct sigaction has, on Linux and macOS. Its handler comes first. */
const actionBytes = 512;

/**
 * Remembers what this process does at memory faults; the function that is returned has it do that again. Transports of MPI (UCX, PSM2)
 * put handlers of their own in the place of the engine's, which print where a program crashed and end it: where a WASM module's
 * access is to be checked that way, it crashes.
 */
export function keepFaultHandlers(koffi: Koffi): () => void {
  if (process.platform === "win32") {
    return () => undefined;
  }
  const sigaction = koffi.load(null).func("sigaction", "int", ["int", "void *", "void *"]);
  const kept = faultSignals.flatMap((name) => {
    const action = new BigUint64Array(actionBytes / 8);
    const signal = constants.signals[name];
    return sigaction(signal, null, action) === 0 && action[0] !== 0n ? [{ signal, action }] : [];
  });
  return () => {
    for (const { signal, action } of kept) {
      sigaction(signal, action, null);
    }
  };
}
