/**
 * The batch scaled and resampled as it is gathered: gatherRows, an affine function, warp2d and another affine function, those that
 * there are. source [M,H,W,C] (float32, int32 or uint8), order [M] int32, transforms [N,6] int32 -> [N,OH,OW,C].
 *
 * Cost: as of warp2d; the gathered batch is never in memory. Bytes are taken out of the words that hold four of them. Every pixel
 * that is read is scaled, so that the fill value need not be. Without warp2d it is gatherRows with an offset.
 */

import { attributesOf, gatherParts } from "@convoy/core/backend";
import { byteDeclaration, chunkTensors, elementDeclaration, sourceRow } from "../wgsl/gathering.js";
import { followedBy, scaled } from "../wgsl/scaling.js";
import { floats, integers, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import { sourceChunks } from "../wgsl/sourceChunks.js";
import { warpText } from "../wgsl/warping.js";
import type { Kernel } from "./kernel.js";
import { gathered } from "./rows.js";

export const fusedGatherRows: Kernel = {
  dispatches(call) {
    const { label, target } = call;
    const { gather, before: affine, warp, after } = gatherParts(call);
    const [source, order] = gather.inputs;
    const before = followedBy({ scale: attributesOf("gatherRows", gather).scale, offset: 0 }, affine);
    const last = (after ?? warp ?? affine)!;
    const batch = last.outputs[0]!;
    const chunks = sourceChunks(source!, target.maxBindingBytes);
    if (warp === undefined) {
      return [gathered({ label, source: source!, order, batch, scaling: before }, chunks)];
    }
    const [, H, W, C] = source!.shape as [number, number, number, number];
    const rowSize = H * W * C;
    const bytes = source!.dtype === "uint8";
    const width = bytes ? 1 : vectorWidth(C);
    const type = floats(width);
    const sourceType = source!.dtype === "int32" ? integers(width) : type;
    const { count, declarations, body } = warpText({
      attributes: attributesOf("warp2d", warp),
      input: source!,
      output: batch,
      width,
      prepare: `let b = n; let row = ${sourceRow(source!.shape[0]!, order)};`,
      pixel: (at) => scaled(`${type}(element(row, ${at}))`, before),
      result: (value) => scaled(value, followedBy({ scale: 1, offset: 0 }, after)),
    });
    const read = (chunk: string, row: string): string => `${chunk}[${row} * ${rowSize / width}u + at]`;
    return [
      invocations(count, body, {
        label,
        tensors: {
          ...chunkTensors(source!, chunks, bytes ? undefined : sourceType),
          ...(order ? { order: reads(order) } : {}),
          transforms: reads(warp.inputs[1]!),
          y: writes(batch, type),
        },
        declarations: `${bytes ? byteDeclaration(chunks, rowSize) : elementDeclaration(chunks, sourceType, read)}${declarations}`,
        usesStep: true,
      }),
    ];
  },
};
