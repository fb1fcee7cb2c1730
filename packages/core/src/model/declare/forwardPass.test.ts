import { describe, expect, it } from "vitest";
import * as layers from "../../layers/index.js";
import { sequential } from "../sequential.js";
import { forwardPass } from "./forwardPass.js";

describe("forwardPass", () => {
  it("gives ops, tensors and parameters of a model and those within it", () => {
    const base = sequential([layers.input({ shape: [3] }), layers.dense({ units: 2, activation: "relu" })], {
      name: "base",
    });
    const model = sequential([layers.input({ shape: [3] }), base, layers.dropout({ rate: 0.5 })]);

    const pass = forwardPass(model, 4);

    expect(pass.parameters.map(({ name, shape }) => [name, shape])).toEqual([
      ["base/dense/kernel", [3, 2]],
      ["base/dense/bias", [2]],
    ]);
    expect(pass.ops.map(({ op, layer, className }) => [op, layer, className])).toEqual([
      ["matMul", "base/dense", "Dense"],
      ["biasAdd", "base/dense", "Dense"],
      ["unary", "base/dense", "Dense"],
    ]);
    expect(pass.inputs[0]!.shape).toEqual([4, 3]);
    expect(pass.ops[0]!.inputs).toEqual([pass.inputs[0]!.id, pass.parameters[0]!.id]);
    // Dropout does nothing in prediction.
    expect(pass.outputs[0]).toMatchObject({ id: pass.ops[2]!.outputs[0]!.id, shape: [4, 2] });
  });

  it("refuses what is no model", () => {
    expect(() => forwardPass(layers.relu())).toThrow(/takes a model/);
  });
});
