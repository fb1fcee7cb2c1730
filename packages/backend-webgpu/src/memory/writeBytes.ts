import type { Device } from "../device/device.js";
import { bufferUsage, shaderStageCompute } from "../device/flags.js";

/**
 * Copies bytes into a buffer at any byte offset. The queue writes whole words only; a word of which just some bytes are new
 * is merged on the device, so that nothing is read back.
 */
export function writeBytes(device: Device, target: GPUBuffer, bytes: Uint8Array, byteOffset: number): void {
  const end = byteOffset + bytes.length;
  const firstWhole = Math.min(Math.ceil(byteOffset / 4) * 4, end);
  const lastWhole = Math.max(Math.floor(end / 4) * 4, firstWhole);
  const { queue } = device.gpu;
  if (lastWhole > firstWhole) {
    const whole = bytes.subarray(firstWhole - byteOffset, lastWhole - byteOffset);
    queue.writeBuffer(target, firstWhole, whole as Uint8Array<ArrayBuffer>);
  }
  if (firstWhole > byteOffset) {
    mergeWord(device, target, bytes.subarray(0, firstWhole - byteOffset), byteOffset);
  }
  if (end > lastWhole) {
    mergeWord(device, target, bytes.subarray(lastWhole - byteOffset), lastWhole);
  }
}

const mergeCode = `
struct Merge { index: u32, mask: u32, bits: u32, unused: u32 }
@group(0) @binding(0) var<storage, read_write> words: array<u32>;
@group(0) @binding(1) var<uniform> merge: Merge;
@compute @workgroup_size(1) fn main() {
  words[merge.index] = (words[merge.index] & ~merge.mask) | merge.bits;
}`;

const mergePipelines = new WeakMap<Device, GPUComputePipeline>();

function mergePipeline(device: Device): GPUComputePipeline {
  let pipeline = mergePipelines.get(device);
  if (pipeline === undefined) {
    const entries: GPUBindGroupLayoutEntry[] = [
      { binding: 0, visibility: shaderStageCompute, buffer: { type: "storage" } },
      { binding: 1, visibility: shaderStageCompute, buffer: { type: "uniform" } },
    ];
    pipeline = device.gpu.createComputePipeline({
      label: "merge bytes",
      layout: device.gpu.createPipelineLayout({ bindGroupLayouts: [device.gpu.createBindGroupLayout({ entries })] }),
      compute: { module: device.gpu.createShaderModule({ label: "merge bytes", code: mergeCode }) },
    });
    mergePipelines.set(device, pipeline);
  }
  return pipeline;
}

/** Writes up to three bytes that lie in one word. */
function mergeWord(device: Device, target: GPUBuffer, bytes: Uint8Array, byteOffset: number): void {
  const word = Math.floor(byteOffset / 4);
  let mask = 0;
  let bits = 0;
  bytes.forEach((byte, index) => {
    const shift = (byteOffset + index - word * 4) * 8;
    mask |= 0xff << shift;
    bits |= byte << shift;
  });
  const { gpu } = device;
  const pipeline = mergePipeline(device);
  const { uniform, copyDestination } = bufferUsage;
  const parameters = device.createBuffer("merge bytes", 16, uniform | copyDestination);
  // A window of 256 bytes, the largest alignment: the whole buffer may be more than can be bound.
  const start = Math.floor((word * 4) / 256) * 256;
  gpu.queue.writeBuffer(parameters, 0, Uint32Array.of(word - start / 4, mask, bits, 0));
  const bindGroup = gpu.createBindGroup({
    layout: pipeline.getBindGroupLayout(0),
    entries: [
      { binding: 0, resource: { buffer: target, offset: start, size: Math.min(256, target.size - start) } },
      { binding: 1, resource: { buffer: parameters } },
    ],
  });
  const encoder = gpu.createCommandEncoder();
  const pass = encoder.beginComputePass();
  pass.setPipeline(pipeline);
  pass.setBindGroup(0, bindGroup);
  pass.dispatchWorkgroups(1);
  pass.end();
  gpu.queue.submit([encoder.finish()]);
  // Takes effect when the work above is done.
  device.destroyBuffer(parameters);
}
