import type { OpInstance, UnaryFunction } from "@convoy/core/backend";
import { describe, expect, it } from "vitest";
import { cuda } from "./index.js";
import { findEmulator } from "./testing/emulator.js";

const { library, note } = findEmulator();

describe.skipIf(library === undefined)(`an op without kernel on the emulator${note}`, () => {
  it("is refused by name and wants no memory", async () => {
    const backend = await cuda({ library: library! });
    const tensor = { shape: [3], dtype: "float32" } as const;
    const op = { op: "inverse" as OpInstance["op"], attributes: {}, inputs: [tensor], outputs: [tensor] };
    expect(backend.supports(op)).toBe('the cuda backend has no kernel for "inverse"');
    expect(backend.workspaceBytes!(op)).toBe(0);
    await backend.dispose();
  });
});

describe.skipIf(library === undefined)(`what the backend supports on the emulator${note}`, () => {
  it("is every op of core", async () => {
    const backend = await cuda({ library: library! });
    expect(backend.unsupportedOps).toEqual([]);
    await backend.dispose();
  });

  const [input, kernel, output] = [
    [4, 5],
    [5, 3],
    [4, 3],
  ].map((shape) => ({ shape, dtype: "float32" as const }));

  function dense(name: UnaryFunction): OpInstance {
    const product = { attributes: { transposeA: false, transposeB: false }, inputs: [input!, kernel!] };
    const activation = { attributes: { function: name, alpha: 0 }, inputs: [output!], outputs: [output!] };
    return {
      op: "fusedDense",
      attributes: {},
      inputs: [input!, kernel!],
      outputs: [output!],
      parts: [
        { op: "matMul", ...product, outputs: [output!] },
        { op: "unary", ...activation },
      ],
    };
  }

  function denseBackward(name: UnaryFunction): OpInstance {
    const product = { attributes: { transposeA: true, transposeB: false }, inputs: [input!, output!] };
    const activation = { attributes: { function: name, alpha: 0 }, inputs: [output!, output!], outputs: [output!] };
    return {
      op: "fusedDenseBackward",
      attributes: {},
      inputs: [output!, output!, input!],
      outputs: [kernel!],
      parts: [
        { op: "unaryBackward", ...activation },
        { op: "matMul", ...product, outputs: [kernel!] },
      ],
    };
  }

  it("inside products is what they have built in", async () => {
    const backend = await cuda({ library: library! });
    expect(backend.supports(dense("tanh"))).toBe(true);
    expect(backend.supports(denseBackward("tanh"))).toBe(true);
    for (const name of ["gelu", "silu", "softplus", "hardSigmoid", "abs"] as const) {
      expect(backend.supports(dense(name))).toBe(`the fused kernels have no ${name}`);
      expect(backend.supports(denseBackward(name))).toBe(`the fused gradients have no ${name}`);
    }
    await backend.dispose();
  });
});
