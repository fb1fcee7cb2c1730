// What a user's program looks like: it imports every entry point, so that a compiler reads all published types, and trains on
// each backend that runs here. The last line that it prints is a report for the test.
import { cuda } from "@convoy/backend-cuda";
import { type WasmBackend, wasm } from "@convoy/backend-wasm";
import { type WebGpuOptions, webgpu } from "@convoy/backend-webgpu";
import type { BenchReport } from "@convoy/bench";
import {
  type Backend,
  BackendUnavailableError,
  callbacks,
  initializers,
  layers,
  loadModel,
  losses,
  metrics,
  optimizers,
  schedules,
  sequential,
  type Tensor,
} from "@convoy/core";
import { type BufferSpec, type Executable, ops, type Plan } from "@convoy/core/backend";
import { type ConformanceReport, conformanceCases } from "@convoy/core/conformance";
import { syntheticDigits, toCategorical, trainTestSplit } from "@convoy/core/datasets";
import { imageGrid } from "@convoy/core/pictures";
import { callReferenceOp, reference } from "@convoy/core/reference";
import type { Distributed, DistributeOptions } from "@convoy/distributed";
import { type FileSource, loadModel as loadFile } from "@convoy/formats";
import { writeKeras } from "@convoy/formats/keras";
import { readTfjs, writeTfjs } from "@convoy/formats/tfjs";
import { type ImageDatasetOptions, imageDatasetFromDirectory } from "@convoy/images";

const digits = syntheticDigits({ samples: 128, seed: 1 });
const { train, test } = trainTestSplit(digits, { testSize: 32, seed: 1 });

async function lossesOn(backend: Backend): Promise<readonly number[]> {
  const model = sequential(
    [
      layers.conv2d({
        filters: 4,
        kernelSize: 3,
        activation: "relu",
        kernelInitializer: initializers.truncatedNormal(),
        inputShape: [28, 28, 1],
      }),
      layers.maxPooling2d({ poolSize: 2 }),
      layers.flatten(),
      layers.dense({ units: 10, activation: "softmax" }),
    ],
    { seed: 3 },
  );
  model.compile({
    backend,
    optimizer: optimizers.adam({ learningRate: schedules.cosineDecay({ initialLearningRate: 0.01, decaySteps: 100 }) }),
    loss: losses.categoricalCrossentropy(),
    metrics: [metrics.accuracy()],
  });
  const { history } = await model.fit(train.images, toCategorical(train.labels, 10), {
    epochs: 3,
    batchSize: 16,
    callbacks: [callbacks.earlyStopping({ monitor: "loss", patience: 2 })],
    verbose: 0,
  });
  const prediction: Tensor = await model.predict(test.images);
  const weights: Tensor[] = await model.getWeights();
  if (prediction.shape[1] !== 10 || weights.length !== 4) throw new Error("not the shapes of this model");
  await model.save("model.safetensors");
  const loaded = await loadModel("model.safetensors", { backend });
  const again: Tensor = await loaded.predict(test.images);
  if (again.data.some((value, index) => value !== prediction.data[index]))
    throw new Error("not the model that was saved");
  loaded.dispose();
  model.dispose();
  return history.loss ?? [];
}

const wasmOptions = { threads: 2 } as const;
const webgpuOptions: WebGpuOptions = { powerPreference: "low-power" };
const backends: Record<string, () => Promise<Backend>> = {
  reference: async () => reference(),
  wasm: (): Promise<WasmBackend> => wasm(wasmOptions),
  webgpu: () => webgpu(webgpuOptions),
  cuda: () => cuda({ precision: "float32" }),
};

const report: Record<string, readonly number[] | string> = {};
for (const [name, open] of Object.entries(backends)) {
  try {
    const backend = await open();
    report[name] = await lossesOn(backend);
    await backend.dispose();
  } catch (error) {
    if (!(error instanceof BackendUnavailableError)) throw error;
    report[name] = error.message;
  }
}

const [sums] = callReferenceOp("softmax", [{ shape: [1, 2], data: Float32Array.of(0, 0) }], {});
if (sums?.data[0] !== 0.5 || conformanceCases().length === 0 || !("conv2d" in ops))
  throw new Error("core is incomplete");

const small = sequential([layers.dense({ units: 2, inputShape: [3] })]);
const written: FileSource = await writeKeras(small);
const again = await readTfjs(await writeTfjs(await loadFile(written)));
if ((await again.getWeights())[0]?.data[5] !== (await small.getWeights())[0]?.data[5]) {
  throw new Error("formats gives other weights");
}

const png: Uint8Array = await imageGrid(test.images, { columns: 8 }).toPng();
const folderOptions = { imageSize: [8, 8] } as const satisfies ImageDatasetOptions;
const refused = await imageDatasetFromDirectory("no such folder", folderOptions).catch((error: Error) => error);
if (png[1] !== 0x50 || !(refused instanceof Error)) throw new Error("no picture, or one of nothing");

export type { BenchReport, BufferSpec, ConformanceReport, Distributed, DistributeOptions, Executable, Plan };

console.log(JSON.stringify(report));
