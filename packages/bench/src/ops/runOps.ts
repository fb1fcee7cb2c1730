import type { Backend } from "@convoy/core";
import { openBackend } from "../backends/backends.js";
import { isUnavailable } from "../backends/isUnavailable.js";
import { Labels } from "../backends/labels.js";
import { isBuiltIn } from "../backends/names.js";
import { describeMachine } from "../machine.js";
import type { ModelName } from "../networks/models.js";
import type { BackendOps, OpsReport } from "../report/opResult.js";
import { schemaVersion } from "../report/result.js";
import { thisMachine } from "../thisMachine.js";
import { measureGrid } from "./measureGrid.js";
import { measureMoves } from "./measureMoves.js";
import { measureOps } from "./measureOps.js";
import { peakGflops } from "./peak.js";

/** What `bench ops` is asked to do. */
export interface OpsRequest {
  /** Names of those that come with Convoy, paths and packages of others. */
  readonly backends: readonly string[];
  /** Part of an op's name or shapes; empty: all ops. */
  readonly filter: string;
  readonly batchSize: number;
  /** Absent: the two networks of digits. */
  readonly model?: ModelName;
  /** Measures convolutions of all sizes in place of a network's ops. */
  readonly grid?: boolean;
  /** Measures ops that move bytes beside a copy, in place of a network's ops. */
  readonly memory?: boolean;
  readonly threads?: number;
}

/** A report, and whether everything that could be opened also ran to its end. */
export interface OpsOutcome {
  readonly report: OpsReport;
  readonly failed: boolean;
}

/** Measures the ops of every backend asked for. One that cannot run gets a row with its reason. */
export async function runOps(
  { backends: choices, filter, batchSize, model, grid = false, memory = false, threads }: OpsRequest,
  print: (line: string) => void = console.log,
  open: typeof openBackend = openBackend,
  onCell: (done: number, of: number) => void = () => undefined,
): Promise<OpsOutcome> {
  const machine = thisMachine();
  print(describeMachine(machine));
  const backends: BackendOps[] = [];
  let failed = false;
  const labels = new Labels(choices);
  for (const choice of choices) {
    const absent = (error: unknown, name: string, device: string | null): BackendOps => ({
      ...{ backend: name, available: false, device, peakGflops: null, ops: [] },
      reason: error instanceof Error ? error.message : String(error),
    });
    let backend: Backend;
    try {
      backend = await open(choice, threads === undefined ? {} : { threads });
    } catch (error) {
      failed ||= !isBuiltIn(choice) && !isUnavailable(error);
      backends.push(absent(error, choice, null));
      continue;
    }
    const name = labels.label(choice, backend.name);
    const device = backend.device.name;
    try {
      print(`measuring ${name} on ${device}`);
      const before = await peakGflops(backend);
      const isolated = grid || memory;
      const ops = isolated
        ? []
        : await measureOps(backend, batchSize, filter, model === undefined ? undefined : [model]);
      const cells = grid ? await measureGrid(backend, undefined, onCell) : undefined;
      const moves = memory ? await measureMoves(backend, filter, onCell) : undefined;
      // Other work on the machine disturbs both: the better one is nearer to what the processor can do.
      const peak = before && Math.max(before, (await peakGflops(backend)) ?? before);
      backends.push({
        backend: name,
        available: true,
        device,
        peakGflops: peak,
        ops,
        ...(cells === undefined ? {} : { grid: cells }),
        ...(moves === undefined ? {} : { moves }),
      });
    } catch (error) {
      failed = true;
      backends.push(absent(error, name, device));
    } finally {
      await backend.dispose();
    }
  }
  return { report: { schema: schemaVersion, date: new Date().toISOString(), machine, batchSize, backends }, failed };
}
