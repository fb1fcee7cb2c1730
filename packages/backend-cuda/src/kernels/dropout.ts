import {
  attributesOf,
  dropoutThreshold,
  firstElement,
  placeOfWord,
  sizeOf,
  streamPurposes,
} from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import { channelTiles, tileBlocks } from "./channels.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

export const dropout: OpKernel = {
  launches(op, { multiprocessors, stepTable, stepState }) {
    const attributes = attributesOf("dropout", op);
    const { rate, instance } = attributes;
    const y = op.outputs[0]!;
    const count = sizeOf(y.shape);
    const place = placeOfWord(firstElement(attributes, y.shape));
    return [
      launch("dropout", [sharedBlocksFor(Math.ceil((count + place.odd) / 2), multiprocessors), 1], {
        x: op.inputs[0]!,
        y,
        table: stepTable,
        state: stepState,
        purpose: streamPurposes.dropout,
        instance,
        ...place,
        threshold: dropoutThreshold(rate),
        factor: 1 / (1 - rate),
        count,
      }),
    ];
  },
};

/** Positions that a word is drawn for: enough that the draw is a small part of the work. */
const positionsPerDraw = 32;

export const channelDropout: OpKernel = {
  launches(op, { multiprocessors, stepTable, stepState }) {
    const { rate, instance, firstRow = 0 } = attributesOf("channelDropout", op);
    const y = op.outputs[0]!;
    const [samples, channels] = [y.shape[0]!, y.shape.at(-1)!];
    const positions = sizeOf(y.shape.slice(1, -1));
    const stretches = Math.ceil(positions / positionsPerDraw);
    const tiles = channelTiles(channels);
    const count = samples * stretches;
    return [
      launch("channelDropout", [tileBlocks(count, tiles, multiprocessors), tiles.count], {
        x: op.inputs[0]!,
        y,
        table: stepTable,
        state: stepState,
        purpose: streamPurposes.dropout,
        instance,
        ...placeOfWord(firstRow * channels),
        threshold: dropoutThreshold(rate),
        factor: 1 / (1 - rate),
        tile: tiles.tile,
        positions,
        positionsPerStretch: Math.ceil(positions / stretches),
        byStretches: divisorOf(stretches),
        count,
      }),
    ];
  },
};
