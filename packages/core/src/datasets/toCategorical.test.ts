import { describe, expect, test } from "vitest";
import { ArgumentError, DataError, ShapeError } from "../errors.js";
import { toCategorical } from "./toCategorical.js";

describe("toCategorical", () => {
  const oneHot = { data: Float32Array.of(0, 1, 0, 0, 0, 1, 1, 0, 0), shape: [3, 3] };

  test.each([
    ["an array", [1, 2, 0]],
    ["bytes", Uint8Array.of(1, 2, 0)],
    ["floats that are integers", Float32Array.of(1, 2, 0)],
    ["a tensor [N]", { data: Int32Array.of(1, 2, 0), shape: [3] }],
    ["a tensor [N,1]", { data: Int32Array.of(1, 2, 0), shape: [3, 1] }],
  ])("takes %s", (_, labels) => {
    expect(toCategorical(labels)).toEqual(oneHot);
  });

  test("takes more classes than occur", () => {
    expect(toCategorical([0, 1], 4)).toEqual({ data: Float32Array.of(1, 0, 0, 0, 0, 1, 0, 0), shape: [2, 4] });
  });

  test.each([
    ["negative", [0, -1], undefined, "label 1 is -1, expected an integer from 0 up"],
    ["not an integer", [0.5], undefined, "label 0 is 0.5, expected an integer"],
    ["NaN", [0, 0, Number.NaN], undefined, "label 2 is NaN"],
    ["too large", [0, 3], 3, "label 1 is 3, but numClasses is 3: labels go from 0 to 2"],
    ["absent", [], undefined, "there are no labels"],
  ])("refuses a label that is %s", (_, labels, numClasses, message) => {
    expect(() => toCategorical(labels, numClasses)).toThrow(DataError);
    expect(() => toCategorical(labels, numClasses)).toThrow(message);
  });

  test.each([0, -1, 2.5, Number.NaN])("refuses numClasses %s", (numClasses) => {
    expect(() => toCategorical([0], numClasses)).toThrow(ArgumentError);
  });

  test("refuses one-hot rows and tensors that do not fill their shape", () => {
    const rows = { data: new Float32Array(6), shape: [3, 2] };
    expect(() => toCategorical(rows)).toThrow(ShapeError);
    expect(() => toCategorical(rows)).toThrow("labels have shape [3,2], expected [N] or [N,1], not one-hot rows");
    expect(() => toCategorical({ data: new Int32Array(2), shape: [3] })).toThrow("labels hold 2 numbers");
  });
});
