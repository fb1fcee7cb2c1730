import type { Platform, WorkerEvents, WorkerHandle } from "./platform.js";

/** Written out in full, each where it is used: bundlers find files by this form. */
const modules: Readonly<Record<string, () => URL>> = {
  single: () => new URL("../kernels-single.wasm", import.meta.url),
  threads: () => new URL("../kernels-threads.wasm", import.meta.url),
  "threads-relaxed": () => new URL("../kernels-threads-relaxed.wasm", import.meta.url),
};

async function compileModule(variant: string): Promise<WebAssembly.Module> {
  const url = modules[variant]!();
  const response = await fetch(url);
  if (!response.ok) {
    throw new Error(`${url.href}: the server answered ${response.status} ${response.statusText}`);
  }
  // compileStreaming would insist on the type application/wasm, which not every server sends.
  return await WebAssembly.compile(await response.arrayBuffer());
}

function spawnWorker({ onMessage, onFailure }: WorkerEvents): WorkerHandle {
  const worker = new Worker(new URL("../run/workerWeb.js", import.meta.url), { type: "module" });
  worker.onmessage = (event) => onMessage(event.data);
  worker.onerror = (event) => onFailure(event.message || "its script could not be loaded or run");
  worker.onmessageerror = () => onFailure("a message to it could not be read");
  return {
    post: (message) => worker.postMessage(message),
    hold() {},
    async terminate() {
      worker.terminate();
    },
  };
}

function unshared(): string | undefined {
  if (typeof SharedArrayBuffer === "undefined" || globalThis.crossOriginIsolated === false) {
    return (
      "the page is not cross-origin isolated; serve it with Cross-Origin-Opener-Policy: same-origin and " +
      "Cross-Origin-Embedder-Policy: require-corp"
    );
  }
  return undefined;
}

export const platform: Platform = {
  parallelism: globalThis.navigator?.hardwareConcurrency ?? 1,
  processor: "browser",
  unshared,
  compileModule,
  spawnWorker,
};
