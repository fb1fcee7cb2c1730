/** What measures, in a thread of its own. */

import type { Backend } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { workerFunctions } from "@convoy/core/worker";
import { BackendParticipant } from "../src/participants/backendParticipant.js";
import type { Entry } from "../src/participants/openParticipant.js";
import type { BenchReport, BenchResult } from "../src/report/result.js";
import { loadData } from "../src/training/loadData.js";
import { runTraining } from "../src/training/runTraining.js";
import type { TrainingRequest } from "../src/training/trainingRequest.js";
import { thisBrowser } from "./thisBrowser.js";

export interface PageWatcher {
  readonly print: (line: string) => void;
  readonly status: (text: string) => void;
  readonly row: (row: BenchResult) => void;
}

async function open({ choice }: Entry): Promise<Backend> {
  if (choice === "webgpu") {
    return await (await import("@convoy/backend-webgpu")).webgpu({ powerPreference: "high-performance" });
  }
  if (choice === "wasm") {
    return await (await import("@convoy/backend-wasm")).wasm();
  }
  return await reference();
}

/** Measures the backends and gives what the command writes with `--json`. */
async function run(request: TrainingRequest, { print, status, row }: PageWatcher): Promise<BenchReport> {
  const { report } = await runTraining(request, {
    ...{ machine: thisBrowser(), print, load: loadData, watcher: { status, row } },
    open: async (entry, workload) => new BackendParticipant(await open(entry), workload),
  });
  return report;
}

export const functions = workerFunctions({ run });
