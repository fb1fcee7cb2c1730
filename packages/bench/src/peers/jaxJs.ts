import { BackendUnavailableError } from "@convoy/core";
import type { ModelName } from "../networks/models.js";
import { jaxDevice, loadJax } from "./jaxLibrary.js";
import { jaxRuns } from "./jaxRuns.js";
import { offerWebgpu } from "./offerWebgpu.js";
import type { Peer } from "./peer.js";

/** The networks that are written for it. */
const jaxModels: readonly ModelName[] = ["tutorial", "simple"];

/** jax-js on its WebGPU device through Dawn. */
export const jaxJs: Peer = {
  async open(workload) {
    if (!jaxModels.includes(workload.model)) {
      throw new BackendUnavailableError(
        `jax-js' network is written by hand: it has ${jaxModels.join(" and ")}, not ${workload.model}`,
      );
    }
    const adapter = await offerWebgpu();
    const jax = await loadJax();
    return jaxRuns(jax, workload, await jaxDevice(adapter));
  },
};
