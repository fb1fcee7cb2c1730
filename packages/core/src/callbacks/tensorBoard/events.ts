import type { Bucket } from "./histogram.js";
import { bytesField, doubleField, integerField, joinFields, messageField } from "./protobuf.js";

/**
 * TensorBoard's events: messages of tensorflow/core/util/event.proto and tensorflow/core/framework/{summary,tensor}.proto, whose
 * field numbers these are. Scalars are tensors with the metadata of the plugin "scalars", histograms those of the plugin "histograms", as
 * `tf.summary` writes them.
 */
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const summary = { value: 1, tag: 1, tensor: 8, metadata: 9 } as const;
const metadata = { pluginData: 1, pluginName: 1, dataClass: 4 } as const;
const tensor = { dtype: 1, shape: 2, content: 4, dimension: 2, size: 1 } as const;
/** DT_FLOAT and DT_DOUBLE */
const types = { float32: 1, float64: 2 } as const;
/** DATA_CLASS_SCALAR and DATA_CLASS_TENSOR */
const classes = { scalars: 1, histograms: 2 } as const;

/** The first event of a file. */
export function versionEvent(wallTime: number): Uint8Array {
  return joinFields([doubleField(event.wallTime, wallTime), bytesField(event.fileVersion, "brain.Event:2")]);
}

/** What a plugin shows of a tensor at a step. */
interface Shown {
  readonly plugin: keyof typeof classes;
  readonly type: number;
  readonly shape: readonly number[];
  readonly content: Uint8Array;
}

function tensorEvent(tag: string, { plugin, type, shape, content }: Shown, step: number, wallTime: number): Uint8Array {
  return joinFields([
    doubleField(event.wallTime, wallTime),
    integerField(event.step, step),
    messageField(event.summary, [
      messageField(summary.value, [
        bytesField(summary.tag, tag),
        messageField(summary.metadata, [
          messageField(metadata.pluginData, [bytesField(metadata.pluginName, plugin)]),
          integerField(metadata.dataClass, classes[plugin]),
        ]),
        messageField(summary.tensor, [
          integerField(tensor.dtype, type),
          messageField(
            tensor.shape,
            shape.map((size) => messageField(tensor.dimension, [integerField(tensor.size, size)])),
          ),
          bytesField(tensor.content, content),
        ]),
      ]),
    ]),
  ]);
}

/**
 * A number at a step.
 * @param wallTime seconds since 1970
 */
export function scalarEvent(tag: string, value: number, step: number, wallTime: number): Uint8Array {
  const content = new Uint8Array(Float32Array.of(value).buffer);
  return tensorEvent(tag, { plugin: "scalars", type: types.float32, shape: [], content }, step, wallTime);
}

/**
 * How numbers are distributed at a step: a row [from, to, count] for each range.
 * @param wallTime seconds since 1970
 */
export function histogramEvent(tag: string, buckets: readonly Bucket[], step: number, wallTime: number): Uint8Array {
  const rows = Float64Array.from(buckets.flatMap(({ from, to, count }) => [from, to, count]));
  const content = new Uint8Array(rows.buffer);
  const shape = [buckets.length, 3];
  return tensorEvent(tag, { plugin: "histograms", type: types.float64, shape, content }, step, wallTime);
}
