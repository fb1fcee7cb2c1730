import { describe, expect, it } from "vitest";
import { checkOptions } from "./checkOption.js";
import { ArgumentError } from "./errors.js";
import { likelyName, lookUp } from "./names.js";

describe("likelyName", () => {
  it.each([
    ["kernelsize", "kernelSize"],
    ["kernel_size", "kernelSize"],
    ["kernalSize", "kernelSize"],
    ["stride", "strides"],
    ["epoch", "epochs"],
    ["optimiser", "optimizer"],
    ["mse", undefined],
    ["x", undefined],
  ])("of %s is %s", (written, meant) => {
    expect(likelyName(written, ["kernelSize", "strides", "epochs", "optimizer", "meanSquaredError"])).toBe(meant);
  });
});

describe("unknown names", () => {
  it("in a table", () => {
    expect(() => lookUp("loss", "hubber", { huber: 1, focal: 2 })).toThrow(
      'unknown loss "hubber": did you mean "huber"? Known: "huber", "focal"',
    );
    expect(() => lookUp("loss", "constructor", { huber: 1 })).toThrow(ArgumentError);
  });

  it("among options; those that are undefined count as left out", () => {
    const known = ["rate", "seed"];
    expect(checkOptions("noise", { rate: 1 }, known, ["rate"])).toEqual({ rate: 1 });
    expect(() => checkOptions("noise", { rat: 1 }, known)).toThrow(
      "noise: unknown option rat: did you mean rate? Known: rate, seed",
    );
    expect(() => checkOptions("noise", { rate: undefined }, known, ["rate"])).toThrow(
      "noise: option rate is missing; it has no default",
    );
  });
});
