import type { Backend } from "../backend/index.js";
import type { ConformanceCase } from "./conformanceCase.js";
import { type ConformanceOptions, conformanceCases } from "./conformanceCases.js";
import { disposalCase } from "./disposalCase.js";
import { ConformanceFailure, UnexpectedPass, UnsupportedCase } from "./failure.js";

/** "unsupported": the case takes an op that the backend says it has no kernel for. */
export type Status = "passed" | "failed" | "skipped" | "unsupported" | "unexpectedly passed";

/** How one case went. */
export interface ConformanceResult {
  readonly case: ConformanceCase;
  readonly status: Status;
  /** What went wrong. */
  readonly message?: string;
  /** Why the case is skipped or unsupported. */
  readonly reason?: string;
  readonly timeMs: number;
}

/** What the kit found out about a backend. */
export interface ConformanceReport {
  readonly backend: string;
  readonly device: string;
  /** The fused ops that the backend has. */
  readonly fusions: readonly string[];
  readonly results: readonly ConformanceResult[];
  /** What failed, and the skips that are out of date. */
  readonly failures: readonly ConformanceResult[];
  /** Whether there are none of these. */
  readonly passed: boolean;
}

/** Which cases of the kit run, and how. */
export interface RunOptions extends ConformanceOptions {
  /** How long one case may take; default one minute. */
  readonly timeoutMs?: number;
  /** Told after every case. */
  readonly onResult?: (result: ConformanceResult) => void;
}

/** Runs the whole kit on one backend, which is disposed of in the end: that is the last case. */
export async function runConformance(
  createBackend: () => Promise<Backend>,
  { timeoutMs = 60_000, onResult, ...options }: RunOptions = {},
): Promise<ConformanceReport> {
  const cases = conformanceCases(options);
  const backend = await createBackend();
  const { name, device, fusions } = backend;
  const results: ConformanceResult[] = [];
  for (const candidate of [...cases, disposalCase]) {
    const result = await runCase(candidate, backend, timeoutMs);
    results.push(result);
    onResult?.(result);
  }
  const failures = results.filter(({ status }) => status === "failed" || status === "unexpectedly passed");
  return {
    backend: name,
    device: device.name,
    fusions: [...fusions],
    results,
    failures,
    passed: failures.length === 0,
  };
}

async function runCase(candidate: ConformanceCase, backend: Backend, timeoutMs: number): Promise<ConformanceResult> {
  const { skipReason } = candidate;
  const start = performance.now();
  const result = (status: Status, message?: string, reason = skipReason): ConformanceResult => ({
    case: candidate,
    status,
    timeMs: performance.now() - start,
    ...(message === undefined ? {} : { message }),
    ...(reason === undefined ? {} : { reason }),
  });
  try {
    await withTimeout(candidate.run(backend), candidate.name, timeoutMs);
    return result(skipReason === undefined ? "passed" : "skipped");
  } catch (error) {
    if (error instanceof UnsupportedCase) {
      return result("unsupported", undefined, error.reason);
    }
    const message = error instanceof Error ? error.message : String(error);
    return result(error instanceof UnexpectedPass ? "unexpectedly passed" : "failed", message);
  }
}

async function withTimeout(work: Promise<void>, name: string, timeoutMs: number): Promise<void> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      reject(new ConformanceFailure(`${name}: not done after ${timeoutMs / 1000} s`));
    }, timeoutMs);
  });
  try {
    await Promise.race([work, late]);
  } finally {
    clearTimeout(timer);
  }
}
