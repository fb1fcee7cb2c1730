import { bytesOf, type Plan, type PlanOp } from "@convoy/core/backend";
import { stagesOf } from "../plan/stages.js";

/** What computes: rates that it reaches, not those on its data sheet. */
export interface DeviceModel {
  readonly name: string;
  readonly flopsPerSecond: number;
  readonly bytesPerSecond: number;
  /** What a step takes beside its ops: launches, the way through JavaScript. */
  readonly stepSeconds: number;
  /** Standard deviation of a rank's step, by its length: a sum waits for the slowest rank. */
  readonly jitter: number;
}

/** A machine on which several ranks run, one thread each. */
export interface MachineModel {
  readonly cores: number;
  /** Of its memory, which the ranks share. */
  readonly bytesPerSecond: number;
}

/**
 * What each of some ranks has of a machine: a core or, with more ranks than cores, its share of the cores' time, as long as all compute
 * alike; and its share of the memory's bandwidth.
 */
export function shareOf(machine: MachineModel, ranks: number, core: DeviceModel): DeviceModel {
  const turns = Math.max(1, ranks / machine.cores);
  return {
    ...core,
    flopsPerSecond: core.flopsPerSecond / turns,
    bytesPerSecond: Math.min(core.bytesPerSecond / turns, machine.bytesPerSecond / ranks),
    stepSeconds: core.stepSeconds * turns,
  };
}

/** What connects ranks. */
export interface NetworkModel {
  readonly name: string;
  readonly bytesPerSecond: number;
  /** From one rank to the next, software included. */
  readonly latencySeconds: number;
  /** What a rank itself does for a sum, however large: calls, the way through JavaScript; default 0. */
  readonly messageSeconds?: number;
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
  const { latencySeconds, bytesPerSecond, messageSeconds = 0 } = network;
  if (ranks === 1) {
    return 0;
  }
  return algorithm === "ring"
    ? messageSeconds + 2 * (ranks - 1) * (latencySeconds + bytes / (ranks * bytesPerSecond))
    : messageSeconds + 2 * Math.ceil(Math.log2(ranks)) * latencySeconds + (2 * bytes) / bytesPerSecond;
}

/**
 * By how many standard deviations the slowest of some ranks is expected to be above the mean, of normally distributed lengths: Blom's
 * approximation of the largest order statistic ("Statistical Estimates and Transformed Beta-Variables", 1958).
 */
export function slowestOf(ranks: number): number {
  return ranks === 1 ? 0 : normalQuantile((ranks - 0.375) / (ranks + 0.25));
}

/** Where the normal distribution reaches a share from 1/2 on (Abramowitz and Stegun, 26.2.23, within 5e-4). */
function normalQuantile(share: number): number {
  const t = Math.sqrt(-2 * Math.log(1 - share));
  return t - (2.515517 + 0.802853 * t + 0.010328 * t ** 2) / (1 + 1.432788 * t + 0.189269 * t ** 2 + 0.001308 * t ** 3);
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
 * network beside them, and an op that needs a sum waits for it, as in the plan's stages. A sum begins when the slowest rank is there.
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
      const slowest = clock * (1 + device.jitter * slowestOf(ranks));
      networkFree = Math.max(networkFree, slowest) + seconds;
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
