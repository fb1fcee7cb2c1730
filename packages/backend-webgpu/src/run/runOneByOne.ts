import type { Device } from "../device/device.js";
import { encodeLaunches, encodeResults } from "./encode.js";
import type { Program } from "./program.js";

/**
 * For debugging: submits every dispatch of every step by itself and waits for it, so that the error of one that fails names
 * its op, layer and kernel. The dispatches and their order are those of any run, so the results have the same bits. Rejects
 * with `DeviceError`.
 */
export async function runOneByOne(
  program: Program,
  device: Device,
  steps: { readonly rows: GPUBindGroup; readonly count: number },
  staging: GPUBuffer | undefined,
): Promise<void> {
  const { name, launches, results } = program;
  const { rows, count } = steps;
  for (let row = 0; row < count; row++) {
    const step = `${name}, step ${row + 1} of ${count}`;
    for (const [index, launch] of launches.entries()) {
      const { label, variant } = launch.dispatch;
      const kernel = variant === undefined ? "" : `, kernel "${variant}"`;
      const what = `${step}: dispatch ${index + 1} of ${launches.length}, ${label}${kernel}`;
      await submitAndWait(what, device, (encoder) => encodeLaunches(encoder, [launch], { rows, row }));
    }
    if (results.length > 0) {
      await submitAndWait(`${step}: results`, device, (encoder) => encodeResults(encoder, program, row, staging));
    }
  }
}

async function submitAndWait(
  what: string,
  device: Device,
  encode: (encoder: GPUCommandEncoder) => void,
): Promise<void> {
  const { gpu } = device;
  const { error } = device.watch(what, () => {
    const encoder = gpu.createCommandEncoder({ label: what });
    encode(encoder);
    gpu.queue.submit([encoder.finish()]);
  });
  try {
    await gpu.queue.onSubmittedWorkDone();
    const failure = await error;
    if (failure !== undefined) {
      throw failure;
    }
    // A lost device keeps these promises, too, and reports the loss a little later.
    await new Promise((resolve) => setTimeout(resolve));
    device.checkAlive();
  } catch (cause) {
    throw await device.explain(what, cause);
  }
}
