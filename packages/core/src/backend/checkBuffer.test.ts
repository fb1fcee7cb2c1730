import { expect, it } from "vitest";
import { ArgumentError, DeviceError } from "../errors.js";
import { checkRead, checkWrite, disposedBuffer } from "./checkBuffer.js";

const buffer = { label: "labels", dtype: "int32", length: 10 } as const;

it("takes data of the buffer's type that fits", () => {
  checkWrite("mine", buffer, Int32Array.of(1, 2), 8);
  checkWrite("mine", buffer, new Int32Array(0), 10);
  checkRead("mine", buffer, 0, 10);
});

it("names both types and the range in its errors", () => {
  const write = (data: Float32Array | Int32Array, offset: number) => () => checkWrite("mine", buffer, data, offset);
  expect(write(Float32Array.of(1.7), 0)).toThrow(ArgumentError);
  expect(write(Float32Array.of(1.7), 0)).toThrow(
    'mine: buffer "labels" holds int32 and takes Int32Array, got Float32Array',
  );
  expect(write(Int32Array.of(1, 2), 9)).toThrow('mine: cannot write 2 elements at 9 of buffer "labels", which has 10');
  expect(() => checkRead("mine", buffer, -1, 2)).toThrow(ArgumentError);
  expect(() => checkRead("mine", buffer, 0.5, 2)).toThrow("cannot read 2 elements at 0.5");
  expect(() => checkRead("mine", buffer, 0, Number.NaN)).toThrow(ArgumentError);
});

it("has one error for buffers used after dispose", () => {
  expect(disposedBuffer("mine", "labels")).toBeInstanceOf(DeviceError);
  expect(disposedBuffer("mine", "labels").message).toBe('mine: buffer "labels" has been disposed');
});
