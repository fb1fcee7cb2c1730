import { describe, expect, it } from "vitest";
import { PlanError, UnsupportedOpError } from "../errors.js";
import { differentiate, fusedNames, Graph, lower, type Plan } from "../plan/index.js";
import { bindPlan, expectSupported } from "./bindPlan.js";
import { attributesOf, chainParts, gradientParts, partOf } from "./fusedParts.js";
import { fusedKernels, kernelFor, missingKernels, noKernel } from "./kernelTable.js";

/** dense with relu and its gradients, fused. */
function densePlan(): Plan {
  const graph = new Graph();
  const place = (name: string, shape: number[]) => {
    graph.declareBuffer(name, { dtype: "float32", length: shape.reduce((size, length) => size * length, 1) });
    return graph.place(name, { shape, dtype: "float32" }, name);
  };
  const [x, kernel, bias] = [place("x", [4, 3]), place("kernel", [3, 2]), place("bias", [2])];
  const [product] = graph.apply("matMul", [x, kernel], { transposeA: false, transposeB: false });
  const [shifted] = graph.apply("biasAdd", [product!, bias], {});
  const [output] = graph.apply("unary", [shifted!], { function: "relu", alpha: 0 });
  const seeds = new Map([[output!.id, place("dy", [4, 2])]]);
  const gradients = differentiate(graph, { seeds, wanted: [x, kernel, bias] });
  for (const [index, value] of [x, kernel, bias].entries()) {
    const gradient = gradients.get(value.id)!;
    graph.declareBuffer(`d${index}`, { dtype: "float32", length: 12 });
    graph.bind(gradient, { buffer: `d${index}`, offset: 0 });
  }
  const supports = () => true as const;
  return lower(graph, { mode: "test", batchSize: 4, results: [], target: { fusions: fusedNames, supports } });
}

describe("bindPlan", () => {
  it("makes each tensor once and hands it to ops and parts", () => {
    const plan = densePlan();
    let made = 0;
    const { ops, tensors } = bindPlan("mine", plan, (value) => ({ ...value, made: made++ }));
    expect(made).toBe(plan.values.length);
    expect(ops.map(({ op }) => op)).toEqual(["fusedDense", "fusedDenseBackward"]);
    expect(ops[0]!.parts![0]!.inputs[1]).toBe(ops[0]!.inputs[1]);
    expect(tensors.get(plan.ops[0]!.outputs[0]!)).toBe(ops[0]!.outputs[0]);
  });

  it("names a value that the plan does not have", () => {
    const plan = densePlan();
    const broken = { ...plan, ops: [{ ...plan.ops[0]!, inputs: [999] }] };
    expect(() => bindPlan("mine", broken, (value) => value)).toThrow(PlanError);
    expect(() => bindPlan("mine", broken, (value) => value)).toThrow(/mine: fusedDense .* names value 999/);
  });

  it("refuses the first op that a backend does not take, with its reason", () => {
    const { ops } = bindPlan("mine", densePlan(), (value) => value);
    const check = () => expectSupported("mine", ops, ({ op }) => op === "fusedDense" || "too wide");
    expect(check).toThrow(UnsupportedOpError);
    expect(check).toThrow('backend "mine" cannot run fusedDenseBackward: too wide');
  });
});

describe("parts of fused ops", () => {
  const [forward, backward] = bindPlan("mine", densePlan(), (value) => value).ops;

  it("are found by what they do", () => {
    const { head, bias, pooling, activation, last } = chainParts(forward!);
    expect([head.op, bias?.op, pooling, activation?.op]).toEqual(["matMul", "biasAdd", undefined, "unary"]);
    expect(last).toBe(activation);
    const { input, kernel, ...others } = gradientParts(backward!);
    expect(attributesOf("matMul", input!)).toEqual({ transposeA: false, transposeB: true });
    expect(attributesOf("matMul", kernel!)).toEqual({ transposeA: true, transposeB: false });
    expect([others.activation?.op, others.bias?.op]).toEqual(["unaryBackward", "biasAddBackward"]);
  });

  it("are absent from an op that is not fused", () => {
    const single = forward!.parts![0]!;
    expect(partOf(single, "matMul")).toBeUndefined();
    expect(chainParts(single)).toMatchObject({ head: single, last: single, bias: undefined });
  });
});

it("tables of kernels may have gaps", () => {
  const kernels = { add: 1, fusedDense: 2 };
  expect(kernelFor(kernels, "add")).toBe(1);
  expect(kernelFor(kernels, "toString" as "add")).toBeUndefined();
  expect(fusedKernels(kernels)).toEqual(["fusedDense"]);
  expect(missingKernels(kernels)).not.toContain("add");
  expect(missingKernels(kernels)).toContain("conv2d");
  expect(noKernel("mine", "conv2d")).toBe('the mine backend has no kernel for "conv2d"');
});
