import { BackendUnavailableError } from "@convoy/core";
import type * as core from "@tensorflow/tfjs-core";
import type * as layers from "@tensorflow/tfjs-layers";
import type { PeerWorkload } from "./peer.js";

/** TensorFlow.js with one of its backends chosen. */
export interface Tfjs {
  readonly core: typeof core;
  readonly layers: typeof layers;
}

/** Loads TensorFlow.js. Rejects with an error that says what to install when a package of it is not there. */
export async function loadTfjs(backend: string, loadBackend: () => Promise<unknown>): Promise<Tfjs> {
  const tfjs = await installed(async () => {
    const library = {
      core: await import("@tensorflow/tfjs-core"),
      layers: await import("@tensorflow/tfjs-layers"),
    };
    await loadBackend();
    return library;
  }, backend);
  // Leaves out checks of every op, and a notice on standard error that another backend would be faster.
  tfjs.core.enableProdMode();
  if (!(await tfjs.core.setBackend(backend))) {
    throw new BackendUnavailableError(`TensorFlow.js could not start its backend "${backend}" on this machine`);
  }
  await tfjs.core.ready();
  return tfjs;
}

async function installed<T>(load: () => Promise<T>, backend: string): Promise<T> {
  try {
    return await load();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") {
      throw error;
    }
    throw new BackendUnavailableError(
      "TensorFlow.js is not installed: npm install @tensorflow/tfjs-core @tensorflow/tfjs-layers " +
        `@tensorflow/tfjs-backend-${backend}`,
    );
  }
}

/** "TensorFlow.js 4.22.0 wasm, 1 thread" */
export function tfjsDevice({ core }: Tfjs): string {
  return `TensorFlow.js ${core.version_core} ${core.getBackend()}, 1 thread`;
}

/** The same network in TensorFlow.js, with the same first weights. */
export function buildTfjsModel({ core, layers: tfl }: Tfjs, { model, weights }: PeerWorkload): layers.Sequential {
  const network = tfl.sequential();
  network.add(tfl.layers.conv2d({ filters: 32, kernelSize: 3, activation: "relu", inputShape: [28, 28, 1] }));
  network.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
  network.add(tfl.layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }));
  network.add(tfl.layers.maxPooling2d({ poolSize: 2 }));
  if (model === "tutorial") {
    network.add(tfl.layers.conv2d({ filters: 64, kernelSize: 3, activation: "relu" }));
  }
  network.add(tfl.layers.flatten());
  network.add(tfl.layers.dense({ units: 64, activation: "relu" }));
  network.add(tfl.layers.dense({ units: 10, activation: "softmax" }));
  network.setWeights(weights.map(({ data, shape }) => core.tensor(data, [...shape])));
  network.compile({ optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  return network;
}
