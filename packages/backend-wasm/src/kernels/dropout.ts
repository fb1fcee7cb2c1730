import {
  attributesOf,
  dropoutThreshold,
  firstElement,
  placeOfWord,
  sizeOf,
  streamPurposes,
} from "@convoy/core/backend";
import { elementBlocks, launch } from "../program/launch.js";
import type { OpEncoder } from "../program/opWriter.js";
import { wideRowOf } from "./wideRows.js";

/** Elements of one task: 32 KB. */
const taskElements = 8192;
/** Rows for which a mask of the channels is made: fewer, and the mask would cost more than its use. */
const minMaskRows = 128;

export const dropout: OpEncoder = (op, writer) => {
  const [x] = op.inputs;
  const [y] = op.outputs;
  const attributes = attributesOf("dropout", op);
  const { rate, instance } = attributes;
  const length = sizeOf(x!.shape);
  const { block, tasks } = elementBlocks(length, taskElements);
  writer.stage(
    launch("dropout", tasks, {
      x: x!.address,
      y: y!.address,
      length,
      block,
      purpose: streamPurposes.dropout,
      instance,
      ...placeOfWord(firstElement(attributes, x!.shape)),
      threshold: dropoutThreshold(rate),
      factor: 1 / (1 - rate),
    }),
  );
};

export const channelDropout: OpEncoder = (op, writer) => {
  const [x, y] = [op.inputs[0]!, op.outputs[0]!];
  const { rate, instance, firstRow = 0 } = attributesOf("channelDropout", op);
  const channels = x.shape[x.shape.length - 1]!;
  const sampleSize = sizeOf(x.shape.slice(1));
  // A sample that is one row has no use for a wider one.
  const width = sampleSize === channels ? channels : wideRowOf(channels);
  const block = width * Math.ceil(Math.max(taskElements, minMaskRows * channels) / width);
  const pieces = Math.ceil(sampleSize / block);
  writer.scratch((width + channels) * 4 + 256);
  writer.stage(
    launch("channelDropout", x.shape[0]! * pieces, {
      x: x.address,
      y: y.address,
      sampleSize,
      channels,
      width,
      block,
      pieces,
      purpose: streamPurposes.dropout,
      instance,
      ...placeOfWord(firstRow * channels),
      threshold: dropoutThreshold(rate),
      factor: 1 / (1 - rate),
    }),
  );
};
