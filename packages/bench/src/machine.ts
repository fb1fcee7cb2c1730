import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";

/** What a report was measured on. */
export interface Machine {
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Cores' worth of time that a container may use; null where nothing limits it or that is unknown. */
  readonly quota: number | null;
  readonly memoryBytes: number;
  /** "linux-x64" */
  readonly platform: string;
  /** "Node 24.1.0, V8 13.6", or the name of a browser. */
  readonly runtime: string;
  /** Flags that the engine was started with. */
  readonly flags: readonly string[];
}

/** The machine that this process runs on. */
export function thisMachine(): Machine {
  return {
    cpu: cpus()[0]?.model.trim() ?? "unknown processor",
    cores: availableParallelism(),
    quota: containerQuota(),
    memoryBytes: totalmem(),
    platform: `${platform()}-${arch()}`,
    runtime: `Node ${process.versions.node}, V8 ${process.versions.v8}`,
    flags: process.execArgv,
  };
}

/** Linux' control group, version 2: "200000 100000" is two cores' worth of time, "max 100000" no limit. */
function containerQuota(): number | null {
  try {
    const [quota, period] = readFileSync("/sys/fs/cgroup/cpu.max", "utf8").trim().split(" ");
    return quota === "max" ? null : Number(quota) / Number(period);
  } catch {
    return null; // Another system, or an older kernel.
  }
}

/** "AMD EPYC, 2 cores, Node 24.1.0, V8 13.6" */
export function describeMachine({ cpu, cores, quota, runtime, flags }: Machine): string {
  const limit = quota === null || quota >= cores ? "" : ` of which it may use ${quota}`;
  return [`${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}${limit}, ${runtime}`, ...flags].join(" ");
}
