import { type StepTable, stepBytes } from "@convoy/core/backend";
import type { Device } from "../device/device.js";
import { bufferUsage, shaderStageCompute } from "../device/flags.js";

/** Distance of two rows: the largest offset alignment that WebGPU allows a device to ask for. */
export const rowStride = 256;

export function stepLayoutEntries(): GPUBindGroupLayoutEntry[] {
  return [
    {
      binding: 0,
      visibility: shaderStageCompute,
      buffer: { type: "uniform", hasDynamicOffset: true, minBindingSize: stepBytes },
    },
  ];
}

/**
 * The step table on the device, one row every 256 bytes; a dispatch selects its row by a dynamic offset. One buffer serves
 * all executables: the queue orders each table's upload between the runs before and after.
 */
export class StepRows {
  readonly #device: Device;
  readonly #layout: GPUBindGroupLayout;
  #buffer: GPUBuffer | undefined;
  #bindGroup: GPUBindGroup | undefined;

  /** `layout` is that of `stepLayoutEntries`. */
  constructor(device: Device, layout: GPUBindGroupLayout) {
    this.#device = device;
    this.#layout = layout;
  }

  /** Makes `steps` the table of what is submitted from now on, and returns the bind group that reads it. */
  upload(steps: StepTable): GPUBindGroup {
    const rows = new Uint8Array(steps.count * rowStride);
    for (let row = 0; row < steps.count; row++) {
      rows.set(steps.bytes.subarray(row * stepBytes, (row + 1) * stepBytes), row * rowStride);
    }
    const bindGroup = this.#reserve(steps.count);
    this.#device.gpu.queue.writeBuffer(this.#buffer!, 0, rows);
    return bindGroup;
  }

  dispose(): void {
    if (this.#buffer !== undefined) {
      this.#device.destroyBuffer(this.#buffer);
      this.#buffer = undefined;
      this.#bindGroup = undefined;
    }
  }

  #reserve(count: number): GPUBindGroup {
    if (this.#bindGroup === undefined || this.#buffer!.size < count * rowStride) {
      const rows = Math.max(16, 2 ** Math.ceil(Math.log2(count)));
      // Runs under way keep the old one: destroying waits for them.
      this.dispose();
      const { uniform, copyDestination } = bufferUsage;
      this.#buffer = this.#device.createBuffer("step table", rows * rowStride, uniform | copyDestination);
      this.#bindGroup = this.#device.gpu.createBindGroup({
        label: "step table",
        layout: this.#layout,
        entries: [{ binding: 0, resource: { buffer: this.#buffer, offset: 0, size: stepBytes } }],
      });
    }
    return this.#bindGroup;
  }
}
