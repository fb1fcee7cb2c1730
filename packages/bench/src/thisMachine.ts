import { readFileSync } from "node:fs";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import type { Machine } from "./machine.js";

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
