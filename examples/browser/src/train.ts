/** Data, network and training: the part of the page that is Convoy. */

import { type Backend, layers, type Progress, type Sequential, sequential } from "@convoy/core";
import { mnist, syntheticDigits } from "@convoy/core/datasets";

export interface Settings {
  readonly backend: "webgpu" | "wasm";
  readonly data: "synthetic" | "mnist";
  readonly samples: number;
  readonly epochs: number;
}

export interface Watcher {
  /** What is going on, in a sentence. */
  status(text: string): void;
  /** Results have arrived; `done` of 1 is done. */
  progress(progress: Progress, done: number): void;
  /** Asked between runs of steps: whether to end early. */
  stopped(): boolean;
}

export interface Trained {
  readonly model: Sequential;
  readonly backend: Backend;
  /** On images that were not trained on. */
  readonly accuracy: number;
}

const testSamples = 500;

async function openBackend(name: Settings["backend"]): Promise<Backend> {
  // Loaded when chosen: a page that trains on one backend does not carry the other.
  if (name === "webgpu") {
    const { webgpu } = await import("@convoy/backend-webgpu");
    return await webgpu({ powerPreference: "high-performance" });
  }
  const { wasm } = await import("@convoy/backend-wasm");
  return await wasm();
}

async function loadDigits({ data, samples }: Settings) {
  if (data === "synthetic") {
    return { train: syntheticDigits({ samples }), test: syntheticDigits({ samples: testSamples, seed: 1 }) };
  }
  const { train, test } = await mnist();
  const first = <T extends Uint8Array | Int32Array>(
    tensor: { data: T; shape: readonly number[]; scale?: number },
    count: number,
  ) => ({
    ...tensor,
    data: tensor.data.subarray(0, (tensor.data.length / tensor.shape[0]!) * count) as T,
    shape: [count, ...tensor.shape.slice(1)],
  });
  return {
    train: { images: first(train.images, samples), labels: first(train.labels, samples) },
    test: { images: first(test.images, testSamples), labels: first(test.labels, testSamples) },
  };
}

function network(): Sequential {
  return sequential([
    layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }),
    layers.maxPooling2d({ poolSize: 2 }),
    layers.flatten(),
    layers.dense({ units: 64, activation: "relu" }),
    layers.dense({ units: 10, activation: "softmax" }),
  ]);
}

/** Trains a fresh network and keeps its backend open, for predictions. */
export async function train(settings: Settings, watcher: Watcher): Promise<Trained> {
  watcher.status("Making digits …");
  const { train: digits, test } = await loadDigits(settings);
  watcher.status("Starting the backend …");
  const backend = await openBackend(settings.backend);
  try {
    watcher.status(`Compiling for ${backend.device.name} …`);
    const model = network();
    model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
    await model.fit(digits.images, digits.labels, {
      epochs: settings.epochs,
      batchSize: 64,
      verbose: 0,
      callbacks: [
        {
          onProgress(progress, training) {
            const { epoch, samplesDone } = progress;
            watcher.progress(progress, (epoch + samplesDone / training.samplesPerEpoch) / training.epochs);
            if (watcher.stopped()) {
              training.stop();
            }
          },
        },
      ],
    });
    const { accuracy } = await model.evaluate(test.images, test.labels, { verbose: 0 });
    return { model, backend, accuracy: accuracy! };
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}
