/** Data, network and training: the part of the page that is Convoy. It runs in a worker, so that the page never waits for it. */

import { type Backend, layers, pickBackend, type Sequential, sequential } from "@convoy/core";
import { mnist, syntheticDigits } from "@convoy/core/datasets";
import { workerFunctions } from "@convoy/core/worker";

export interface Settings {
  readonly backend: "best" | "webgpu" | "wasm";
  readonly data: "synthetic" | "mnist";
  readonly samples: number;
  readonly epochs: number;
}

/** Steps that are done. */
export interface Done {
  /** Counted from 0. */
  readonly epoch: number;
  readonly loss: number;
  readonly accuracy: number;
  readonly stepLosses: readonly number[];
  readonly stepMs: number;
  /** Share of all training, 0 to 1. */
  readonly share: number;
}

export interface Watcher {
  /** What is going on, in a sentence. */
  readonly status: (text: string) => void;
  readonly progress: (done: Done) => void;
}

export interface Trained {
  /** On images that were not trained on. */
  readonly accuracy: number;
  readonly backend: string;
  readonly device: string;
  /** What a reader of the page should know of the backend. */
  readonly notes: readonly string[];
}

/** The network that was trained last, open for predictions. */
let current: { readonly model: Sequential; readonly backend: Backend } | undefined;
let stopped = false;

const testSamples = 500;

// Loaded when chosen: a page that trains on one backend does not carry the other.
const backends = {
  async webgpu(): Promise<Backend> {
    const { webgpu } = await import("@convoy/backend-webgpu");
    return await webgpu({ powerPreference: "high-performance" });
  },
  async wasm(): Promise<Backend> {
    const { wasm } = await import("@convoy/backend-wasm");
    return await wasm();
  },
};

async function openBackend(name: Settings["backend"], notes: string[]): Promise<Backend> {
  if (name !== "best") {
    return await backends[name]();
  }
  return await pickBackend([backends.webgpu, backends.wasm], {
    onChoice: ({ taken }) => notes.push(`Taken: ${taken.name}, ${taken.reason}.`),
  });
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
async function train(settings: Settings, watcher: Watcher): Promise<Trained> {
  stopped = false;
  await current?.backend.dispose();
  current = undefined;
  const notes: string[] = [];
  watcher.status("Making digits …");
  const { train: digits, test } = await loadDigits(settings);
  watcher.status("Starting the backend …");
  const backend = await openBackend(settings.backend, notes);
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
          onProgress({ epoch, samplesDone, stepLosses, durationMs, logs }, training) {
            const share = (epoch + samplesDone / training.samplesPerEpoch) / training.epochs;
            const stepMs = durationMs / stepLosses.length;
            watcher.progress({ epoch, loss: logs.loss!, accuracy: logs.accuracy!, stepLosses, stepMs, share });
            if (stopped) {
              training.stop();
            }
          },
        },
      ],
    });
    const { accuracy } = await model.evaluate(test.images, test.labels, { verbose: 0 });
    current = { model, backend };
    const { variant, reason } = backend.device.details;
    if (variant === "single") {
      notes.push(`WASM uses ${reason}.`);
    }
    return { accuracy: accuracy!, backend: backend.name, device: backend.device.name, notes };
  } catch (error) {
    await backend.dispose();
    throw error;
  }
}

/** Probabilities of the ten digits for an image of 28x28 bytes; undefined before anything is trained. */
async function predict(image: Uint8Array): Promise<Float32Array | undefined> {
  return (await current?.model.predict({ data: image, shape: [1, 28, 28, 1], scale: 1 / 255 }))?.data;
}

/** Ends training after the steps under way. */
function stop(): void {
  stopped = true;
}

/** What the page calls. */
export const functions = workerFunctions({ train, predict, stop });
