import { BackendUnavailableError } from "@convoy/core";
import type * as core from "@tensorflow/tfjs-core";
import type * as layers from "@tensorflow/tfjs-layers";
import { installed } from "./installed.js";

/** TensorFlow.js with one of its backends chosen. */
export interface Tfjs {
  readonly core: typeof core;
  readonly layers: typeof layers;
}

/**
 * Loads TensorFlow.js with the backend that `loadBackend` registers. Rejects with an error that says what to install when a
 * package is not there; `packageName` is the one that holds the backend.
 */
export async function loadTfjs(
  backend: string,
  loadBackend: () => Promise<unknown>,
  packageName: string = `@tensorflow/tfjs-backend-${backend}`,
): Promise<Tfjs> {
  const tfjs = await installed(
    async () => {
      const library = {
        core: await import("@tensorflow/tfjs-core"),
        layers: await import("@tensorflow/tfjs-layers"),
      };
      await loadBackend();
      return library;
    },
    "TensorFlow.js",
    `@tensorflow/tfjs-core @tensorflow/tfjs-layers ${packageName}`,
  );
  // Leaves out checks of every op, and a notice on standard error that another backend would be faster.
  tfjs.core.enableProdMode();
  if (!(await tfjs.core.setBackend(backend))) {
    throw new BackendUnavailableError(`TensorFlow.js could not start its backend "${backend}" on this machine`);
  }
  await tfjs.core.ready();
  return tfjs;
}

/** "TensorFlow.js 4.22.0 wasm, 1 thread"; `where` says what the backend runs on. */
export function tfjsDevice({ core }: Tfjs, where = "1 thread"): string {
  return `TensorFlow.js ${core.version_core} ${core.getBackend()}, ${where}`;
}
