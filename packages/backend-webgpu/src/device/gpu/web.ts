import { BackendUnavailableError } from "@convoy/core/backend";

/** WebGPU's entry point in a browser. Throws `BackendUnavailableError` where the browser has none. */
export async function findGpu(): Promise<GPU> {
  const gpu = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (gpu === undefined) {
    const insecure = globalThis.isSecureContext === false;
    throw new BackendUnavailableError(
      insecure
        ? "webgpu: navigator.gpu exists only in secure contexts; serve the page over https or from localhost"
        : "webgpu: this browser has no navigator.gpu. Use a current Chrome, Edge, Safari or Firefox, or another backend",
    );
  }
  return gpu;
}

/** What to do where `requestAdapter` finds nothing. */
export const adapterRemedy: string =
  "The browser offers WebGPU but no adapter: check chrome://gpu, or start Chromium with --enable-unsafe-webgpu " +
  "(headless, software rendering)";

/** Browsers tell a page when its promises are kept. */
export const pollsWhileWaiting = false;
