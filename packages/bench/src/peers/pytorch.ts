import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { BackendUnavailableError } from "@convoy/core";
import type { LabelledImages } from "@convoy/core/datasets";
import { networkSteps } from "../networks/steps.js";
import type { StepLibrary, TimedEvaluation, TimedSteps } from "../participants/stepParticipant.js";
import { buildModel } from "../training/workload.js";
import { type LineProcess, startLineProcess } from "./lineProcess.js";
import { batchOf, type Peer, type PeerWorkload } from "./peer.js";
import { findPython } from "./python.js";

/** Found from src as well as from dist. */
const script = fileURLToPath(new URL("../../python/serve.py", import.meta.url));
/** PyTorch on the processor: eager, in the memory format that trains faster, the same first weights. */
export const pytorch: Peer = {
  async open(workload) {
    const python = await findPython();
    const folder = await mkdtemp(join(tmpdir(), "convoy-bench-"));
    try {
      const file = join(folder, "workload.json");
      await writeFile(file, JSON.stringify(await handOver(workload, folder)));
      // It has read its files when it greets.
      const started = startLineProcess(python, [script, file]).catch((error: Error) => {
        // A layer that has no counterpart is no defect.
        const missing = /^NotImplementedError: (.*)/.exec(error.message)?.[1];
        throw missing === undefined ? error : new BackendUnavailableError(missing);
      });
      return pytorchRuns(await started);
    } finally {
      await rm(folder, { recursive: true });
    }
  },
};

function pytorchRuns(process: LineProcess): StepLibrary {
  return {
    device: (process.greeting as { readonly device: string }).device,
    trainSteps: async (first, steps) => (await process.ask({ do: "train", first, steps })) as TimedSteps,
    evaluate: async (samples) => (await process.ask({ do: "evaluate", samples })) as TimedEvaluation,
    peakMemoryBytes: async () => ((await process.ask({ do: "memory" })) as { bytes: number | null }).bytes,
    dispose: () => process.end(),
  };
}

/** Writes data and weights as plain binary files. Returns a description that names them. */
async function handOver(workload: PeerWorkload, folder: string): Promise<object> {
  const { seed, threads = availableParallelism(), weights, train, test } = workload;
  const file = async (name: string, data: Uint8Array | Int32Array | Float32Array): Promise<string> => {
    const path = join(folder, name);
    await writeFile(path, data);
    return path;
  };
  const images = async (name: string, { images: pixels, labels }: LabelledImages): Promise<object> => ({
    images: await file(`${name}-images`, pixels.data),
    shape: pixels.shape,
    labels: await file(`${name}-labels`, labels.data),
  });
  const all = new Float32Array(weights.reduce((sum, { data }) => sum + data.length, 0));
  weights.reduce((offset, { data }) => {
    all.set(data, offset);
    return offset + data.length;
  }, 0);
  return {
    ...{ batchSize: batchOf(workload), seed, threads, scale: train.images.scale ?? 1 },
    steps: networkSteps(buildModel(workload)),
    train: await images("train", train),
    test: await images("test", test),
    weights: await file("weights", all),
    weightShapes: weights.map(({ shape }) => shape),
  };
}
