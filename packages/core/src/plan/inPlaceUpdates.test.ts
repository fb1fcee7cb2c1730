import { describe, expect, it } from "vitest";
import { ArgumentError } from "../errors.js";
import type { Shape, Value } from "../ops/definition.js";
import { differentiate, Graph, type GraphValue, poolBeforeActivation } from "./index.js";

const product = { transposeA: false, transposeB: false };
const plainSgd = { momentum: 0, nesterov: false };

/** x [4,3] -> product with a kernel -> `between` -> squared error. */
class Draft extends Graph {
  readonly state: Value = this.input("state", [3]);
  readonly x: Value = this.input("x", [4, 3]);
  readonly kernel: Value = this.input("kernel", [3, 3]);

  input(label: string, shape: Shape): Value {
    this.declareBuffer(label, { dtype: "float32", length: shape.reduce((size, length) => size * length, 1) });
    return this.place(label, { shape, dtype: "float32" }, label);
  }

  differentiate(between: (hidden: GraphValue) => Value): readonly string[] {
    const [hidden] = this.apply("matMul", [this.x, this.kernel], product);
    const output = this.labelled("mine", () => between(hidden!));
    const [loss] = this.apply("meanSquaredError", [output, this.input("targets", output.shape)], {});
    const before = this.operations.length;
    differentiate(this, { loss: loss!, wanted: [this.kernel] });
    return this.operations.slice(before).map(({ op }) => op);
  }

  sumOf(value: Value): Value {
    return this.apply("biasAddBackward", [value], {})[0]!;
  }
}

describe("updates in place in a forward graph", () => {
  it("leave the gradients of ops around them alone", () => {
    const graph = new Draft();
    const ops = graph.differentiate((hidden) => {
      const [centred] = graph.apply("biasAdd", [hidden, graph.state], {});
      const sum = graph.sumOf(centred!);
      graph.apply("clipByValue", [sum], { limit: 1 });
      graph.apply("sgdUpdate", [graph.state, sum], plainSgd);
      return graph.apply("biasAdd", [centred!, graph.state], {})[0]!;
    });
    expect(ops).toEqual(["meanSquaredErrorBackward", "matMul"]);
  });

  it("may come before an op whose gradient reads what they wrote", () => {
    const graph = new Draft();
    const weights = graph.input("weights", [3, 3]);
    const ops = graph.differentiate((hidden) => {
      graph.apply("clipByValue", [weights], { limit: 1 });
      return graph.apply("matMul", [hidden, weights], product)[0]!;
    });
    expect(ops).toEqual(["meanSquaredErrorBackward", "matMul", "matMul"]);
  });

  it("are refused where the gradient of an op before them needs the old content", () => {
    const graph = new Draft();
    const weights = graph.input("weights", [3, 3]);
    const differentiating = () =>
      graph.differentiate((hidden) => {
        const [y] = graph.apply("matMul", [hidden, weights], product);
        const [flat] = graph.apply("reshape", [weights], { shape: [9] });
        graph.apply("clipByValue", [flat!], { limit: 1 });
        return y!;
      });
    expect(differentiating).toThrow(ArgumentError);
    expect(differentiating).toThrow(
      /layer mine: clipByValue overwrites weights, whose old content .* Update it before/,
    );
  });

  it("are refused on a tensor that gradients go through", () => {
    const graph = new Draft();
    const differentiating = () =>
      graph.differentiate((hidden) => {
        graph.apply("clipByValue", [hidden], { limit: 1 });
        return graph.apply("biasAdd", [hidden, graph.state], {})[0]!;
      });
    expect(differentiating).toThrow(/layer mine: clipByValue overwrites matMul\.\w+, which the loss is differentiated/);
  });

  it("keep an activation where it is when they overwrite its input", () => {
    const window = { poolSize: [2, 2], strides: [2, 2], padding: [0, 0, 0, 0], dilation: [1, 1] } as const;
    const graph = new Draft();
    const images = graph.input("images", [1, 4, 4, 1]);
    const [bent] = graph.apply("unary", [images], { function: "relu", alpha: 0 });
    graph.apply("clipByValue", [images], { limit: 1 });
    graph.apply("maxPool2d", [bent!], window);
    poolBeforeActivation(graph);
    expect(graph.operations.map(({ op }) => op)).toEqual(["unary", "clipByValue", "maxPool2d"]);
  });
});
