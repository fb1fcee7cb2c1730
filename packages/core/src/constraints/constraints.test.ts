import { describe, expect, it } from "vitest";
import { Graph } from "../plan/index.js";
import { type Constraint, maxNorm, nonNeg, resolveConstraint, unitNorm } from "./index.js";

/** The one op that a constraint appends for a weight. */
function opOf(constraint: Constraint, shape: readonly number[]) {
  const graph = new Graph();
  graph.declareBuffer("parameters", { dtype: "float32", length: 1000 });
  constraint.apply(graph, graph.place("kernel", { shape, dtype: "float32" }, "parameters"));
  expect(graph.operations).toHaveLength(1);
  const { op, attributes } = graph.operations[0]!;
  return { op, ...attributes };
}

describe("constraints, with Keras' defaults", () => {
  it("append their op", () => {
    expect(opOf(maxNorm(), [3, 4])).toEqual({ op: "constrainNorm", kind: "max", limit: 2, axes: [0] });
    expect(opOf(unitNorm(), [3, 4])).toEqual({ op: "constrainNorm", kind: "unit", limit: 1, axes: [0] });
    expect(opOf(nonNeg(), [3, 4])).toEqual({ op: "nonNegative" });
  });

  it("take several axes, in any order and from the end", () => {
    const filters = maxNorm({ maxValue: 3, axis: [2, 0, 1] });
    expect(opOf(filters, [3, 3, 2, 8])).toEqual({ op: "constrainNorm", kind: "max", limit: 3, axes: [0, 1, 2] });
    expect(opOf(unitNorm({ axis: -1 }), [3, 4])).toMatchObject({ axes: [1] });
  });

  it("are found by name", () => {
    expect(resolveConstraint("nonNeg").name).toBe("nonNeg");
    expect(() => resolveConstraint("max_norm" as "maxNorm")).toThrow(
      /unknown constraint "max_norm": did you mean "maxNorm"/,
    );
  });

  it("refuse what does not fit", () => {
    expect(() => maxNorm({ maxValue: -1 })).toThrow(/maxNorm: maxValue is -1/);
    expect(() => opOf(unitNorm({ axis: 2 }), [3, 4])).toThrow(
      /unitNorm: axis \[2\] does not fit a weight of shape \[3,4\]; expected axes from -2 to 1/,
    );
    expect(() => opOf(unitNorm({ axis: [0, -2] }), [3, 4])).toThrow(/axis \[0,-2\] does not fit/);
  });
});
