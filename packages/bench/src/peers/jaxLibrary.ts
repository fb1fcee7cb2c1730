import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { BackendUnavailableError } from "@convoy/core";
import type * as library from "@jax-js/jax";
import { installed } from "./installed.js";

export type Jax = typeof library;
export type JaxArray = library.Array;

const packageName = "@jax-js/jax";

/** Loads jax-js and makes WebGPU, which `navigator.gpu` must offer by now, its device. Rejects where either is not there. */
export async function loadJax(): Promise<Jax> {
  const jax = await installed(() => import("@jax-js/jax"), "jax-js", packageName);
  // Its list says that it has no WebGPU in Node. With Dawn it has; only reading results without waiting takes a browser.
  if (!(await jax.init("webgpu")).includes("webgpu")) {
    throw new BackendUnavailableError("jax-js could not start its WebGPU device on this machine");
  }
  jax.defaultDevice("webgpu");
  return jax;
}

/** "jax-js 0.1.25 webgpu, NVIDIA ..."; `adapter` is what it runs on. The package tells its version nowhere else. */
export async function jaxDevice(adapter: string): Promise<string> {
  const entry = createRequire(import.meta.url).resolve(packageName);
  const { version } = JSON.parse(await readFile(join(dirname(entry), "../package.json"), "utf8"));
  return `jax-js ${version} webgpu, ${adapter}`;
}
