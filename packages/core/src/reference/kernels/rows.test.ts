import { describe, expect, test } from "vitest";
import { DeviceError, type StepValues, type Tensor } from "../../backend/index.js";
import { callReferenceOp } from "../run/callOp.js";

const at = (batchStart: number): StepValues => ({
  iteration: 0,
  batchStart,
  learningRate: 0,
  stepSize: 0,
  seed: [0, 0],
});
const bytes: Tensor = { shape: [4, 2], data: Uint8Array.of(0, 255, 10, 20, 51, 102, 3, 4) };
const order: Tensor = { shape: [4], data: Int32Array.of(2, 0, 3, 1) };

describe("gatherRows", () => {
  test("takes rows in the order given, from batchStart on, and scales bytes", () => {
    const attributes = { batchSize: 2, scale: 1 / 255, dtype: "float32" } as const;
    const [batch] = callReferenceOp("gatherRows", [bytes, order], attributes, at(0));
    expect(batch!.shape).toEqual([2, 2]);
    expect([...batch!.data]).toEqual([0.2, 0.4, 0, 1].map(Math.fround));
    const [later] = callReferenceOp("gatherRows", [bytes, order], { ...attributes, scale: 1 }, at(2));
    expect([...later!.data]).toEqual([3, 4, 10, 20]);
  });

  test("without an order the rows follow each other", () => {
    const labels: Tensor = { shape: [5], data: Int32Array.of(5, 6, 7, 8, 9) };
    const [batch] = callReferenceOp("gatherRows", [labels], { batchSize: 3, scale: 1, dtype: "int32" }, at(2));
    expect(batch!.data).toEqual(Int32Array.of(7, 8, 9));
  });

  test("refuses to read outside", () => {
    const attributes = { batchSize: 2, scale: 1, dtype: "float32" } as const;
    expect(() => callReferenceOp("gatherRows", [bytes], attributes, at(3))).toThrow(DeviceError);
    const wrong: Tensor = { shape: [4], data: Int32Array.of(0, 4, 0, 0) };
    expect(() => callReferenceOp("gatherRows", [bytes, wrong], attributes, at(0))).toThrow(
      /row 4 of a tensor with 4 rows/,
    );
  });
});

describe("storeRows", () => {
  test("writes the batch from batchStart on and nothing else", () => {
    const destination: Tensor = { shape: [4, 2], data: new Float32Array(8).fill(-1) };
    callReferenceOp("storeRows", [{ shape: [2, 2], data: Float32Array.of(1, 2, 3, 4) }, destination], {}, at(1));
    expect([...destination.data]).toEqual([-1, -1, 1, 2, 3, 4, -1, -1]);
  });

  test("refuses to write outside", () => {
    const destination: Tensor = { shape: [2, 1], data: new Float32Array(2) };
    const values: Tensor = { shape: [2, 1], data: Float32Array.of(1, 2) };
    expect(() => callReferenceOp("storeRows", [values, destination], {}, at(1))).toThrow(DeviceError);
    expect([...destination.data]).toEqual([0, 0]);
  });
});
