import type { Backend } from "@convoy/core";

/** What a backend may offer beyond the contract. */
interface MeasuresPeak {
  /** GFLOP/s of its microkernel alone, on all threads. */
  measurePeak(): Promise<number>;
}

/** GFLOP/s of the backend's microkernel alone, measured now; null where the backend has no such measurement. */
export async function peakGflops(backend: Backend): Promise<number | null> {
  return measuresPeak(backend) ? await backend.measurePeak() : null;
}

function measuresPeak(backend: object): backend is MeasuresPeak {
  return "measurePeak" in backend && typeof backend.measurePeak === "function";
}
