import { applications, type Model } from "@convoy/core";
import { bytesOf, type Plan } from "@convoy/core/backend";
import { type Algorithm, type DeviceModel, type NetworkModel, stepCost } from "./costModel.js";
import { trainingPlan } from "./planning.js";

/** Models that the simulation knows. */
export type SimulatedModel = "simple" | "resnet50" | "vgg16";

export const simulatedModels: Readonly<Record<SimulatedModel, () => Model>> = {
  simple: () => applications.simple(),
  resnet50: () => applications.resnet50(),
  vgg16: () => applications.vgg16(),
};

/**
 * Devices by the rates that plans reach on them, FLOPs and bytes counted as in `model.plan()`. "core" was fitted to the step of one rank on
 * the machine of docs/distributed.md; "gpu" is assumed, of a data-centre card of 2022 in float32: none was measured.
 */
export const devices: Readonly<Record<string, DeviceModel>> = {
  core: { name: "one CPU core, WASM", flopsPerSecond: 180e9, bytesPerSecond: 22e9, stepSeconds: 0.2e-3 },
  gpu: { name: "one GPU, float32", flopsPerSecond: 30e12, bytesPerSecond: 2e12, stepSeconds: 50e-6 },
};

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
  const widths = header.map((_, column) => Math.max(...rows.map((row) => row[column]!.length)));
  const lines = rows.map((row) => row.map((text, column) => text.padStart(widths[column]!)).join("  "));
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

function assumptions(plan: Plan, { flopsPerSecond, bytesPerSecond, stepSeconds }: DeviceModel): string[] {
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
    "sums run beside the backward pass, one after the other; one rank a network port; no other traffic.",
  ];
}
