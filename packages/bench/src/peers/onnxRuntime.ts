import { createRequire } from "node:module";
import { availableParallelism } from "node:os";
import type * as library from "onnxruntime-web";
import type { StepLibrary, TimedEvaluation } from "../participants/stepParticipant.js";
import { buildModel, firstImages } from "../training/workload.js";
import { installed } from "./installed.js";
import { batchOf, type Peer, type PeerWorkload } from "./peer.js";

/** What both packages have in common. */
type OnnxRuntime = Pick<typeof library, "InferenceSession" | "Tensor" | "env">;

const load: NodeJS.Require = createRequire(import.meta.url);

/** ONNX Runtime's WASM build. */
export const onnxruntimeWeb: Peer = onnxPeer("onnxruntime-web", "wasm", () => import("onnxruntime-web"));

/** ONNX Runtime's native build. No dependency: it downloads a library when it is installed, which only its users want. */
export const onnxruntimeNode: Peer = onnxPeer("onnxruntime-node", "cpu", async () => load("onnxruntime-node"));

function onnxPeer(packageName: string, provider: string, loadRuntime: () => Promise<OnnxRuntime>): Peer {
  return {
    async open(workload) {
      const runtime = await installed(loadRuntime, "ONNX Runtime", packageName);
      const { writeOnnx } = await installed(
        () => import("@convoy/formats"),
        "the writer of ONNX files",
        "@convoy/formats",
      );
      const file = await writeOnnx(buildModel(workload), { layout: "nhwc" });
      const { threads = availableParallelism() } = workload;
      runtime.env.wasm.numThreads = threads;
      const session = await runtime.InferenceSession.create(file, {
        ...{ executionProviders: [provider], intraOpNumThreads: threads, logSeverityLevel: 4 },
      });
      const { web, node, common } = runtime.env.versions;
      const version = web ?? node ?? common;
      return onnxRuns(runtime, session, workload, `${packageName} ${version} ${provider}, ${threads} threads`);
    },
  };
}

function onnxRuns(
  { Tensor }: OnnxRuntime,
  session: library.InferenceSession,
  workload: PeerWorkload,
  device: string,
): StepLibrary {
  const batchSize = batchOf(workload);
  return {
    device,

    trainSteps: () => Promise.reject(new Error("ONNX Runtime only predicts")),

    async evaluate(samples): Promise<TimedEvaluation> {
      const { images, labels } = firstImages(workload.test, samples);
      const size = images.data.length / samples;
      const scale = images.scale ?? 1;
      const start = performance.now();
      let hits = 0;
      for (let first = 0; first < samples; first += batchSize) {
        const count = Math.min(batchSize, samples - first);
        const pixels = Float32Array.from(
          images.data.subarray(first * size, (first + count) * size),
          (value) => value * scale,
        );
        const feeds = {
          [session.inputNames[0] as string]: new Tensor("float32", pixels, [count, ...images.shape.slice(1)]),
        };
        const results = await session.run(feeds);
        const { data, dims } = results[session.outputNames[0] as string] as library.Tensor;
        hits += hitsOf(data as Float32Array, dims[1] as number, labels.data.subarray(first, first + count));
      }
      return { hits, durationMs: performance.now() - start };
    },

    dispose: () => session.release(),
  };
}

/** Rows whose largest number is that of the label. */
function hitsOf(rows: Float32Array, classes: number, labels: Int32Array): number {
  return labels.filter((label, row) => {
    const scores = rows.subarray(row * classes, (row + 1) * classes);
    return scores.every((score) => score <= (scores[label] as number));
  }).length;
}
