import { ArgumentError, type Backend } from "@convoy/core";
import { isBuiltIn, openBackend } from "../backends/backends.js";
import { Labels } from "../backends/labels.js";
import { isUnavailable } from "../backends/moduleBackend.js";
import { thisMachine } from "../machine.js";
import type { OpenPeer } from "../peers/peer.js";
import { type PeerName, peers } from "../peers/peers.js";
import { formatCount } from "../report/numbers.js";
import { type BenchReport, type BenchResult, nothingMeasured, schemaVersion } from "../report/result.js";
import { loadData } from "./loadData.js";
import { type Display, measureBackend } from "./measureBackend.js";
import { sampleLimit } from "./sampleLimit.js";
import type { TrainingRequest } from "./trainingRequest.js";
import { buildModel, countOf, describeWorkload, firstImages, type Workload } from "./workload.js";

/** What the command works with; tests bring their own. */
export interface TrainingTools extends Display {
  readonly open: typeof openBackend;
  readonly load: typeof loadData;
}

/** A report, and whether everything that could be opened also ran to its end. */
export interface TrainingOutcome {
  readonly report: BenchReport;
  readonly failed: boolean;
}

const defaultTools: TrainingTools = { print: console.log, verbose: 1, open: openBackend, load: loadData };

/**
 * Trains and evaluates on every backend and peer asked for, one after the other. One that cannot run gets a row with its
 * reason. Rejects only for what concerns them all: data that cannot be loaded, more samples than there are.
 */
export async function runTraining(
  request: TrainingRequest,
  tools: TrainingTools = defaultTools,
): Promise<TrainingOutcome> {
  const { print } = tools;
  const machine = thisMachine();
  print(`${machine.cpu}, ${machine.cores} cores, Node ${machine.node}`);
  const { dataset, train, test } = await tools.load(request.dataset, request.seed, print);
  const { model, epochs, batchSize, seed, threads, trainSamples = countOf(train) } = request;
  if (trainSamples > countOf(train)) {
    throw new ArgumentError(`--train-samples is ${trainSamples}, but ${dataset} has ${countOf(train)} training images`);
  }
  const workload: Workload = {
    ...{ model, dataset, test, epochs, batchSize, seed, ...(threads === undefined ? {} : { threads }) },
    train: firstImages(train, trainSamples),
  };
  print(`${model} on ${dataset}, batch ${batchSize}, ${epochs} ${epochs === 1 ? "epoch" : "epochs"}, seed ${seed}`);
  const run = new TrainingRun(workload, tools, request.trainSamples === undefined, new Labels(request.backends));
  const results: BenchResult[] = [];
  for (const name of request.backends) {
    results.push(await run.backend(name));
  }
  const peerResults: BenchResult[] = [];
  for (const name of request.peers) {
    peerResults.push(await run.peer(name));
  }
  const report = { schema: schemaVersion, machine, results } as const;
  return { report: request.peers.length > 0 ? { ...report, peers: peerResults } : report, failed: run.failed };
}

/** Runs one backend or peer after the other on one workload. */
class TrainingRun {
  readonly #workload: Workload;
  readonly #tools: TrainingTools;
  readonly #mayShorten: boolean;
  readonly #labels: Labels;
  /** Whether one failed that was available. */
  failed = false;

  /** @param mayShorten whether slow devices get fewer samples */
  constructor(workload: Workload, tools: TrainingTools, mayShorten: boolean, labels: Labels) {
    this.#workload = workload;
    this.#tools = tools;
    this.#mayShorten = mayShorten;
    this.#labels = labels;
  }

  async backend(choice: string): Promise<BenchResult> {
    const { print, open } = this.#tools;
    let backend: Backend;
    try {
      const { threads } = this.#workload;
      backend = await open(choice, threads === undefined ? {} : { threads });
    } catch (error) {
      this.failed ||= !isBuiltIn(choice) && !isUnavailable(error);
      return this.#absent(choice, messageOf(error), this.#workload);
    }
    const name = this.#labels.label(choice, backend.name);
    const workload = this.#fitting(backend);
    const [samples, all] = [countOf(workload.train), countOf(this.#workload.train)];
    const note =
      samples < all ? `; slow, so it trains on the first ${formatCount(samples)} of ${formatCount(all)} images` : "";
    print(`\n${name}: ${backend.device.name}${note}`);
    try {
      return { ...(await measureBackend(backend, workload, this.#tools)), backend: name };
    } catch (error) {
      this.failed = true;
      return { ...this.#absent(name, messageOf(error), workload), device: backend.device.name };
    } finally {
      await backend.dispose();
    }
  }

  async peer(name: PeerName): Promise<BenchResult> {
    const { print } = this.#tools;
    let peer: OpenPeer;
    try {
      peer = await peers[name].open();
    } catch (error) {
      return this.#absent(name, messageOf(error), this.#workload);
    }
    print("");
    try {
      const weights = await buildModel(this.#workload).getWeights();
      const result = await peer.measure({ ...this.#workload, weights }, print);
      return { backend: name, available: true, ...describeWorkload(this.#workload), ...result };
    } catch (error) {
      this.failed = true;
      return this.#absent(name, messageOf(error), this.#workload);
    }
  }

  /** All samples, or as many as the device can train on in about two minutes. */
  #fitting(backend: Backend): Workload {
    const { epochs, batchSize, train } = this.#workload;
    const limit = this.#mayShorten ? sampleLimit(backend, epochs, batchSize) : undefined;
    return limit === undefined ? this.#workload : { ...this.#workload, train: firstImages(train, limit) };
  }

  #absent(backend: string, reason: string, workload: Workload): BenchResult {
    return { backend, available: false, reason, device: null, ...describeWorkload(workload), ...nothingMeasured };
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
