import { bytesOf, type Plan, type PlanOp } from "@convoy/core/backend";
import { stagesOf } from "../plan/stages.js";

/** What computes: rates that it reaches, not those on its data sheet. */
export interface DeviceModel {
  readonly name: string;
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
  /** What a step takes beside its ops: launches, the way through JavaScript. */
  readonly stepSeconds: number;
}

/** What connects ranks. */
export interface NetworkModel {
  readonly name: string;
  readonly bytesPerSecond: number;
  /** From one rank to the next, software included. */
  readonly latencySeconds: number;
}

/**
 * How a sum over ranks goes. With N ranks, n bytes, latency a and bandwidth b:
 * ring: 2 (N - 1) (a + n / (N b)) (Patarasuk and Yuan, "Bandwidth optimal all-reduce algorithms for clusters of workstations", 2009);
 * tree: 2 ceil(log2 N) a + 2 n / b, two pipelined trees (Sanders, Speck and Träff, "Two-tree algorithms for full bandwidth broadcast,
 * reduction and scan", 2009).
 */
export type Algorithm = "ring" | "tree";

/** Seconds that a sum over ranks takes. */
export function allReduceSeconds(algorithm: Algorithm, ranks: number, bytes: number, network: NetworkModel): number {
  const { latencySeconds, bytesPerSecond } = network;
  if (ranks === 1) {
    return 0;
  }
  return algorithm === "ring"
    ? 2 * (ranks - 1) * (latencySeconds + bytes / (ranks * bytesPerSecond))
    : 2 * Math.ceil(Math.log2(ranks)) * latencySeconds + (2 * bytes) / bytesPerSecond;
}

/** What a step is expected to take. */
export interface StepCost {
  readonly seconds: number;
  readonly computeSeconds: number;
  /** Of the sums, as if nothing was computed meanwhile. */
  readonly communicationSeconds: number;
  /** What is left of that: waits for sums that no computation hides. */
  readonly exposedSeconds: number;
}

/**
 * Goes through a rank's plan with a clock: ops take the longer of their FLOPs and their bytes, sums run one after the other on the
 * network beside them, and an op that needs a sum waits for it, as in the plan's stages.
 */
export function stepCost(
  plan: Plan,
  ranks: number,
  device: DeviceModel,
  network: NetworkModel,
  algorithm: Algorithm,
): StepCost {
  let clock = device.stepSeconds;
  let networkFree = 0;
  let communicationSeconds = 0;
  let exposedSeconds = 0;
  const ends = new Map<number, number>();
  for (const stage of stagesOf(plan)) {
    if (stage.kind === "run") {
      clock += stage.ops.reduce((sum, op) => sum + opSeconds(op, device), 0);
    } else if (stage.kind === "start") {
      const bytes = stage.sums.reduce((sum, { input }) => sum + bytesOf(input), 0);
      const seconds = allReduceSeconds(algorithm, ranks, bytes, network);
      communicationSeconds += seconds;
      networkFree = Math.max(networkFree, clock) + seconds;
      ends.set(stage.id, networkFree);
    } else {
      const wait = Math.max(0, ends.get(stage.id)! - clock);
      exposedSeconds += wait;
      clock += wait;
    }
  }
  return { seconds: clock, computeSeconds: clock - exposedSeconds, communicationSeconds, exposedSeconds };
}

function opSeconds({ flops, bytes }: PlanOp, { flopsPerSecond, bytesPerSecond }: DeviceModel): number {
  return Math.max(flops / flopsPerSecond, bytes / bytesPerSecond);
}
