import { describe, expect, it } from "vitest";
import { ArgumentError, PlanError } from "../errors.js";
import { Graph } from "./index.js";

const flat = { shape: [10], dtype: "float32" } as const;

function graphWith(length: number): Graph {
  const graph = new Graph();
  graph.declareBuffer("buffer", { dtype: "float32", length });
  return graph;
}

describe("Graph", () => {
  it("refuses a place in a buffer that is missing, too short or of another type", () => {
    const graph = graphWith(16);
    expect(() => graph.place("x", flat, "other")).toThrow(new PlanError('graph: buffer "other" is not declared'));
    expect(() => graph.place("x", flat, "buffer", 7)).toThrow(
      'graph: a float32 tensor of 10 elements at 7 does not fit buffer "buffer" (float32, 16 elements)',
    );
    expect(() => graph.place("x", { shape: [10], dtype: "int32" }, "buffer")).toThrow(
      /int32 tensor of 10 elements at 0/,
    );
    expect(graph.place("x", flat, "buffer", 6).placement).toEqual({ buffer: "buffer", offset: 6 });
  });

  it("refuses a second place for one tensor", () => {
    const graph = graphWith(1000);
    const [sum] = graph.apply("softmax", [graph.place("x", flat, "buffer")], {});
    graph.bind(sum!, { buffer: "buffer", offset: 64 });
    graph.bind(sum!, { buffer: "buffer", offset: 64 });
    expect(() => graph.bind(sum!, { buffer: "buffer", offset: 128 })).toThrow(PlanError);
  });

  it("refuses too few or too many inputs, naming what the op takes", () => {
    const graph = graphWith(100);
    const x = graph.place("x", flat, "buffer");
    expect(() => graph.apply("add", [x], {})).toThrow(new ArgumentError("add: got 1 inputs, takes a, b"));
    expect(() => graph.apply("sgdUpdate", [x, x, x, x], { momentum: 0.9, nesterov: false })).toThrow(
      "sgdUpdate: got 4 inputs, takes parameters, gradients, velocity (the last 1 optional)",
    );
  });

  it("takes the last input of a variadic op one or more times", () => {
    const graph = graphWith(1000);
    const x = graph.place("x", { shape: [2, 5], dtype: "float32" }, "buffer");
    expect(graph.apply("concat", [x, x, x, x], { axis: 1 })[0]!.shape).toEqual([2, 20]);
    expect(() => graph.apply("concat", [x], { axis: 1 })).toThrow(
      new ArgumentError("concat: got 1 inputs, takes first, next (the last one or more times)"),
    );
  });

  it("labels ops as nested, and restores the label after an error", () => {
    const graph = graphWith(100);
    const x = graph.place("x", flat, "buffer");
    graph.labelled("outer", () => {
      graph.labelled("inner", () => graph.apply("softmax", [x], {}));
      expect(() =>
        graph.labelled("broken", () => {
          throw new Error("stop");
        }),
      ).toThrow("stop");
      graph.apply("softmax", [x], {});
    });
    graph.apply("softmax", [x], {});
    expect(graph.operations.map(({ label }) => label)).toEqual(["inner", "outer", ""]);
    expect(graph.values.map(({ label }) => label)).toEqual(["x", "inner.output", "outer.output", "softmax.output"]);
  });

  it("knows who computes what", () => {
    const graph = graphWith(100);
    const x = graph.place("x", flat, "buffer");
    const [y] = graph.apply("softmax", [x], {});
    expect(graph.producer(y!)!.op).toBe("softmax");
    expect(graph.producer(x)).toBeUndefined();
  });
});
