import { bytesField, doubleField, integerField, joinFields, messageField } from "./protobuf.js";

/**
 * TensorBoard's events: messages of tensorflow/core/util/event.proto and tensorflow/core/framework/{summary,tensor}.proto, whose
 * field numbers these are. Scalars are tensors with the metadata of the plugin "scalars", as `tf.summary.scalar` writes them.
 */
const event = { wallTime: 1, step: 2, fileVersion: 3, summary: 5 } as const;
const summary = { value: 1, tag: 1, tensor: 8, metadata: 9 } as const;
const metadata = { pluginData: 1, pluginName: 1, dataClass: 4 } as const;
const tensor = { dtype: 1, shape: 2, content: 4 } as const;
/** DT_FLOAT */
const float32 = 1;
/** DATA_CLASS_SCALAR */
const scalarClass = 1;

/** The first event of a file. */
export function versionEvent(wallTime: number): Uint8Array {
  return joinFields([doubleField(event.wallTime, wallTime), bytesField(event.fileVersion, "brain.Event:2")]);
}

/**
 * A number at a step.
 * @param wallTime seconds since 1970
 */
export function scalarEvent(tag: string, value: number, step: number, wallTime: number): Uint8Array {
  return joinFields([
    doubleField(event.wallTime, wallTime),
    integerField(event.step, step),
    messageField(event.summary, [
      messageField(summary.value, [
        bytesField(summary.tag, tag),
        messageField(summary.metadata, [
          messageField(metadata.pluginData, [bytesField(metadata.pluginName, "scalars")]),
          integerField(metadata.dataClass, scalarClass),
        ]),
        messageField(summary.tensor, [
          integerField(tensor.dtype, float32),
          messageField(tensor.shape, []),
          bytesField(tensor.content, new Uint8Array(Float32Array.of(value).buffer)),
        ]),
      ]),
    ]),
  ]);
}
