import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { LabelledImages } from "@convoy/core/datasets";
import { median, percentile } from "../training/percentile.js";
import type { Peer, PeerResult, PeerWorkload } from "./peer.js";
import { findPython, runCommand } from "./python.js";

/** What python/train.py writes. */
interface ScriptResult {
  readonly device: string;
  readonly losses: readonly number[];
  /** Of every step, in order. */
  readonly stepMs: readonly number[];
  readonly epochUsPerSample: readonly number[];
  readonly testAccuracy: number;
  /** Of every evaluation, in order. */
  readonly evaluationUsPerSample: readonly number[];
  readonly peakMemoryBytes: number | null;
}

/** Found from src as well as from dist. */
const script = fileURLToPath(new URL("../../python/train.py", import.meta.url));

/** PyTorch on the processor: eager, channels last, all cores, the same first weights. */
export const pytorch: Peer = {
  async open() {
    const python = await findPython();
    return {
      async measure(workload, print) {
        const folder = await mkdtemp(join(tmpdir(), "convoy-bench-"));
        try {
          const workloadFile = await handOver(workload, folder);
          const resultFile = join(folder, "result.json");
          await runCommand(python, [script, workloadFile, resultFile], print);
          return figures(JSON.parse(await readFile(resultFile, "utf8")) as ScriptResult, workload.batchSize);
        } finally {
          await rm(folder, { recursive: true });
        }
      },
    };
  },
};

/** Writes data and weights as plain binary files, and a description that names them. */
async function handOver(workload: PeerWorkload, folder: string): Promise<string> {
  const { model, epochs, batchSize, seed, threads = availableParallelism(), weights } = workload;
  const file = async (name: string, data: Uint8Array | Int32Array | Float32Array): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, data);
    return path;
  };
  const images = async (name: string, { images: pixels, labels }: LabelledImages): Promise<object> => ({
    images: await file(`${name}-images`, pixels.data),
    labels: await file(`${name}-labels`, labels.data),
  });
  const description = {
    ...{ model, epochs, batchSize, seed, threads },
    train: await images("train", workload.train),
    test: await images("test", workload.test),
    weights: await file("weights", Float32Array.from(weights.flatMap(({ data }) => [...data]))),
    weightShapes: weights.map(({ shape }) => shape),
  };
  const path = join(folder, "workload.json");
  await writeFile(path, JSON.stringify(description));
  return path;
}

function figures(result: ScriptResult, batchSize: number): PeerResult {
  const { stepMs, epochUsPerSample, evaluationUsPerSample } = result;
  const first = stepMs[0] as number;
  const steps = (stepMs.length > 1 ? stepMs.slice(1) : stepMs).map((value) => ({ value, weight: 1 }));
  const evaluations = evaluationUsPerSample.length > 1 ? evaluationUsPerSample.slice(1) : evaluationUsPerSample;
  return {
    device: result.device,
    testAccuracy: result.testAccuracy,
    losses: result.losses,
    trainUsPerSample: epochUsPerSample.length > 0 ? median(epochUsPerSample) : (first * 1000) / batchSize,
    stepMs: { p50: percentile(steps, 0.5), p95: percentile(steps, 0.95) },
    evaluateUsPerSample: median(evaluationUsPerSample.length > 0 ? evaluations : []),
    compileMs: null,
    firstStepMs: first,
    peakMemoryBytes: result.peakMemoryBytes,
  };
}
