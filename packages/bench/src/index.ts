/** The types of what the `bench` command writes with `--json`. */

export type { Machine } from "./machine.js";
export type { OpResult, OpsReport } from "./report/opResult.js";
export type { BenchReport, BenchResult, Figures } from "./report/result.js";
