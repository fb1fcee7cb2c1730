import { countOf } from "../training/workload.js";
import { jaxDevice, loadJax } from "./jaxLibrary.js";
import { measureJax } from "./jaxRuns.js";
import { offerWebgpu } from "./offerWebgpu.js";
import type { Peer } from "./peer.js";

/** As many as of TensorFlow.js on the same device. */
const steps = 10;
const testSamples = 256;

/** jax-js on its WebGPU device through Dawn, on some steps. */
export const jaxJs: Peer = {
  async open() {
    const adapter = await offerWebgpu();
    const jax = await loadJax();
    const device = await jaxDevice(adapter);
    return {
      async measure(workload, print) {
        const batchSize = Math.min(workload.batchSize, countOf(workload.train));
        print(`jax-js: trains ${steps} steps of ${batchSize} images, evaluates ${testSamples}`);
        return measureJax(jax, workload, device, { batchSize, steps, testSamples });
      },
    };
  },
};
