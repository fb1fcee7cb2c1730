import { applications, type Model } from "@convoy/core";
import { bytesOf, type Plan } from "@convoy/core/backend";
import { type Algorithm, type DeviceModel, type NetworkModel, shareOf, stepCost } from "./costModel.js";
import { trainingPlan } from "./planning.js";

/** Models that the simulation knows. */
export type SimulatedModel = "simple" | "resnet50" | "vgg16";

export const simulatedModels: Readonly<Record<SimulatedModel, () => Model>> = {
  simple: () => applications.simple(),
  resnet50: () => applications.resnet50(),
  vgg16: () => applications.vgg16(),
};

/**
 * Devices by the rates that plans reach on them, FLOPs and bytes counted as in `model.plan()` of a backend with all fused ops. "core" was
 * fitted to the step of one rank with 64 samples on the machine of docs/distributed.md, its jitter measured there; "gpu" is assumed, of a
 * data-centre card of 2022 in float32: none was measured.
 */
export const devices: Readonly<Record<string, DeviceModel>> = {
  core: { name: "one CPU core, WASM", flopsPerSecond: 131e9, bytesPerSecond: 22e9, stepSeconds: 0.1e-3, jitter: 0.05 },
  gpu: { name: "one GPU, float32", flopsPerSecond: 30e12, bytesPerSecond: 2e12, stepSeconds: 50e-6, jitter: 0.01 },
};

/** Between processes of one machine: fitted to sums of 0.5 MB between two, on the machine of docs/distributed.md. */
const sharedMemory: Required<NetworkModel> = {
  name: "shared memory",
  bytesPerSecond: 5e9,
  latencySeconds: 10e-6,
  messageSeconds: 60e-6,
};
/** Of Linux, between processes that take turns: assumed. Whoever has a turn at a sum waits for those that have not. */
const timeSliceSeconds = 4e-3;
/** Of a machine's memory: assumed. Two cores of the machine of docs/distributed.md do not slow each other down. */
const memoryBytesPerSecond = 100e9;

/** Expected seconds of a step of some ranks on one machine, one thread each. */
export function machineStepSeconds(model: SimulatedModel, batchPerRank: number, ranks: number, cores: number): number {
  const plan = trainingPlan(simulatedModels[model](), 2, 2 * batchPerRank);
  const core = shareOf({ cores, bytesPerSecond: memoryBytesPerSecond }, ranks, devices.core!);
  const waits = Math.max(0, ranks / cores - 1) * timeSliceSeconds;
  const network = { ...sharedMemory, messageSeconds: sharedMemory.messageSeconds + waits };
  return stepCost(plan, ranks, core, network, "ring").seconds;
}

/** A table of ranks on one machine, and the assumptions beneath. */
export function formatMachine({ model, batchPerRank }: SimulationRequest, cores: number): string {
  const counts = rankCounts.filter((ranks) => ranks <= Math.max(4, 2 * cores));
  const rows = counts.map((ranks) => {
    const seconds = machineStepSeconds(model, batchPerRank, ranks, cores);
    return [String(ranks), (1e3 * seconds).toFixed(2), digits((ranks * batchPerRank) / seconds)];
  });
  const core = devices.core!;
  return [
    `${model}, ${batchPerRank} samples a rank, on one machine of ${cores} cores`,
    "",
    ...aligned([["ranks", "ms a step", "samples a second"], ...rows]),
    "",
    `Assumed: ${digits(core.flopsPerSecond / 1e9)} GFLOP/s or ${digits(core.bytesPerSecond / 1e9)} GB/s an op of a core, whichever takes longer, ` +
      `and ${digits(core.stepSeconds * 1e3)} ms a step;`,
    `ranks beyond the cores take turns, of ${digits(timeSliceSeconds * 1e3)} ms that a sum waits for; all share ${digits(memoryBytesPerSecond / 1e9)} GB/s of memory;`,
    `sums: ${digits(sharedMemory.messageSeconds * 1e6)} us each, ${digits(sharedMemory.latencySeconds * 1e6)} us and ` +
      `${digits(sharedMemory.bytesPerSecond / 1e9)} GB/s from one rank to the next, in a ring;`,
    slowestText(core),
  ].join("\n");
}

function slowestText({ jitter }: DeviceModel): string {
  return `steps vary by ${digits(100 * jitter)}% (standard deviation), and the slowest rank is waited for.`;
}

function aligned(rows: readonly (readonly string[])[]): string[] {
  const widths = rows[0]!.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  return rows.map((row) => row.map((text, column) => text.padStart(widths[column]!)).join("  "));
}

/** Networks by Gbit/s: Ethernet with TCP, and what has remote memory access. Latencies are assumed. */
export const networks: readonly NetworkModel[] = [
  { name: "10 Gbit/s", bytesPerSecond: 10e9 / 8, latencySeconds: 30e-6 },
  { name: "100 Gbit/s", bytesPerSecond: 100e9 / 8, latencySeconds: 5e-6 },
  { name: "400 Gbit/s", bytesPerSecond: 400e9 / 8, latencySeconds: 3e-6 },
];

/** Share of a network's bandwidth that sums reach: assumed. */
const bandwidthShare = 0.8;

export const rankCounts: readonly number[] = [1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024];

/** What is simulated. */
export interface SimulationRequest {
  readonly model: SimulatedModel;
  /** Samples of each rank: the global batch grows with the ranks. */
  readonly batchPerRank: number;
  readonly device: DeviceModel;
  readonly ranks?: readonly number[];
}

/** One network, algorithm and number of ranks. */
export interface SimulatedSpeed {
  readonly ranks: number;
  readonly network: string;
  readonly algorithm: Algorithm;
  readonly samplesPerSecond: number;
  /** Speed by that of as many ranks that do not wait for each other. */
  readonly efficiency: number;
  readonly exposedSeconds: number;
}

/** Expected speeds of training for each number of ranks, network and algorithm. */
export function simulate({ model, batchPerRank, device, ranks = rankCounts }: SimulationRequest): SimulatedSpeed[] {
  // What a rank computes does not depend on how many there are: they differ in what the sums cost.
  const plan = trainingPlan(simulatedModels[model](), 2, 2 * batchPerRank);
  const alone = stepCost(plan, 1, device, networks[0]!, "ring").seconds;
  return ranks.flatMap((count) =>
    networks.flatMap((network) =>
      (["ring", "tree"] as const).map((algorithm) => {
        const reached = { ...network, bytesPerSecond: network.bytesPerSecond * bandwidthShare };
        const { seconds, exposedSeconds } = stepCost(plan, count, device, reached, algorithm);
        return {
          ranks: count,
          network: network.name,
          algorithm,
          samplesPerSecond: (count * batchPerRank) / seconds,
          efficiency: alone / seconds,
          exposedSeconds,
        };
      }),
    ),
  );
}

/** A table for people: a row for each number of ranks, a column for each network and algorithm, and the assumptions beneath. */
export function formatSimulation(request: SimulationRequest): string {
  const { model, batchPerRank, device } = request;
  const speeds = simulate(request);
  const plan = trainingPlan(simulatedModels[model](), 2, 2 * batchPerRank);
  const counts = [...new Set(speeds.map(({ ranks }) => ranks))];
  const columns = networks.flatMap(({ name }) => (["ring", "tree"] as const).map((algorithm) => ({ name, algorithm })));
  const cell = (ranks: number, { name, algorithm }: (typeof columns)[number]): string => {
    const found = speeds.find(
      (speed) => speed.ranks === ranks && speed.network === name && speed.algorithm === algorithm,
    )!;
    return `${digits(found.samplesPerSecond)} (${(100 * found.efficiency).toFixed(0)}%)`;
  };
  const header = ["ranks", ...columns.map(({ name, algorithm }) => `${name} ${algorithm}`)];
  const rows = [header, ...counts.map((ranks) => [String(ranks), ...columns.map((column) => cell(ranks, column))])];
  const lines = aligned(rows);
  return [
    `${model}, ${batchPerRank} samples a rank, each on ${device.name}: samples a second (efficiency)`,
    "",
    ...lines,
    "",
    ...assumptions(plan, device),
  ].join("\n");
}

/** Three digits, no exponent. */
function digits(value: number): string {
  return Number(value.toPrecision(3)).toLocaleString("en-US");
}

function assumptions(plan: Plan, device: DeviceModel): string[] {
  const { flopsPerSecond, bytesPerSecond, stepSeconds } = device;
  const values = new Map(plan.values.map((value) => [value.id, value]));
  const sums = plan.ops.filter(({ op }) => op === "allReduce");
  const reduced = sums.reduce((total, { inputs }) => total + bytesOf(values.get(inputs[0]!)!), 0);
  const flops = plan.ops.reduce((total, op) => total + op.flops, 0);
  return [
    `Assumed: a step of ${digits(flops / 1e9)} GFLOP and ${digits(reduced / 1e6)} MB of sums in ${sums.length} messages, as ` +
      "its plan counts them;",
    `${digits(flopsPerSecond / 1e9)} GFLOP/s or ${digits(bytesPerSecond / 1e9)} GB/s an op, whichever takes longer, and ` +
      `${digits(stepSeconds * 1e3)} ms a step;`,
    `${100 * bandwidthShare}% of a network's bandwidth; latencies of ${networks.map(({ latencySeconds }) => `${latencySeconds * 1e6} us`).join(", ")};`,
    "ring: 2 (N - 1) (latency + bytes / (N bandwidth)); tree: 2 ceil(log2 N) latency + 2 bytes / bandwidth;",
    "sums run beside the backward pass, one after the other; one rank a network port; no other traffic;",
    slowestText(device),
  ];
}
