import { expect, it } from "vitest";
import { Arguments } from "./arguments.js";

it("puts each value at a multiple of its size, as a C++ struct does", () => {
  const { bytes } = new Arguments()
    .int(-1)
    .pointer(2 ** 40 + 5)
    .float(1.5)
    .int(2 ** 32 - 1);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  expect(bytes.length).toBe(24);
  expect(view.getInt32(0, true)).toBe(-1);
  expect(view.getBigUint64(8, true)).toBe(2n ** 40n + 5n);
  expect(view.getFloat32(16, true)).toBe(1.5);
  expect(view.getUint32(20, true)).toBe(2 ** 32 - 1);
});
