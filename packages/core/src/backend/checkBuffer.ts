import { ArgumentError, DeviceError } from "../errors.js";
import { typedArrays } from "../plan/plan.js";
import type { TensorData } from "../tensor.js";
import type { DeviceBuffer } from "./contract.js";

/** What the checks look at of a buffer. */
type CheckedBuffer = Pick<DeviceBuffer, "label" | "dtype" | "length">;

/** Throws `ArgumentError` unless `data` has the buffer's element type and fits behind `offset`. */
export function checkWrite(backend: string, buffer: CheckedBuffer, data: TensorData, offset: number): void {
  const TypedArray = typedArrays[buffer.dtype];
  if (!(data instanceof TypedArray)) {
    throw new ArgumentError(
      `${backend}: buffer "${buffer.label}" holds ${buffer.dtype} and takes ${TypedArray.name}, got ${data.constructor.name}`,
    );
  }
  checkRange(backend, buffer, "write", offset, data.length);
}

/** Throws `ArgumentError` unless the buffer has `length` elements from `offset` on. */
export function checkRead(backend: string, buffer: CheckedBuffer, offset: number, length: number): void {
  checkRange(backend, buffer, "read", offset, length);
}

function checkRange(backend: string, buffer: CheckedBuffer, action: string, offset: number, length: number): void {
  const inside =
    Number.isInteger(offset) &&
    Number.isInteger(length) &&
    offset >= 0 &&
    length >= 0 &&
    offset + length <= buffer.length;
  if (!inside) {
    throw new ArgumentError(
      `${backend}: cannot ${action} ${length} elements at ${offset} of buffer "${buffer.label}", which has ${buffer.length}`,
    );
  }
}

/** The error of a buffer that is used after `dispose`. */
export function disposedBuffer(backend: string, label: string): DeviceError {
  return new DeviceError(`${backend}: buffer "${label}" has been disposed`);
}
