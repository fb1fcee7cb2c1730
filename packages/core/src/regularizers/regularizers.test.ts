import { describe, expect, it } from "vitest";
import { l1, l1l2, l2, resolveRegularizer } from "./index.js";

describe("regularizers, with Keras' defaults", () => {
  it("give their factors", () => {
    expect(l1()).toEqual({ l1: 0.01, l2: 0 });
    expect(l1({ l1: 0.5 })).toEqual({ l1: 0.5, l2: 0 });
    expect(l2()).toEqual({ l1: 0, l2: 0.01 });
    expect(l1l2()).toEqual({ l1: 0, l2: 0 });
    expect(l1l2({ l1: 0.1, l2: 0.2 })).toEqual({ l1: 0.1, l2: 0.2 });
  });

  it("are found by name, or are what was given", () => {
    expect(resolveRegularizer("l2")).toEqual(l2());
    expect(resolveRegularizer({ l1: 1, l2: 2 })).toEqual({ l1: 1, l2: 2 });
    expect(() => resolveRegularizer("l1_l2" as "l1l2")).toThrow(/unknown regularizer "l1_l2": did you mean "l1l2"/);
  });

  it("refuse factors below 0", () => {
    expect(() => l2({ l2: -1 })).toThrow(/l2: l2 is -1, expected a number of at least 0/);
    expect(() => resolveRegularizer({ l1: Number.NaN, l2: 0 })).toThrow(/regularizer: l1 is NaN/);
  });
});
