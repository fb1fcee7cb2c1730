import { expect, it } from "vitest";
import { reads, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import { type MatrixProduct, matrix, matrixType } from "./matrixProduct.js";
import { storeRows, storeWidth } from "./productStore.js";
import { productVariants } from "./productVariants.js";

const small: KernelTarget = {
  style: "tiled",
  maxBindingBytes: 2 ** 27,
  maxBindings: 8,
  maxWorkgroupSize: 256,
  maxWorkgroupBytes: 16_384,
  precision: "float32",
  tunes: true,
};

function product(M: number, N: number, K: number, forward = true): MatrixProduct {
  return { M, N, K, a: matrix("a", "k", M, K), b: matrix("b", "line", N, K), store: storeRows("y", { M, N }), forward };
}

function variants(spec: MatrixProduct, target: KernelTarget) {
  const tensor = (label: string, shape: number[]) =>
    ({ id: 0, label, shape, dtype: "float32", buffer: label, byteOffset: 0 }) as const;
  const { M, N, K } = spec;
  const offered = productVariants(
    spec,
    {
      label: "product",
      tensors: {
        a: reads(tensor("a", [M, K]), matrixType("k", M, K)),
        b: reads(tensor("b", [K, N]), matrixType("line", N, K)),
        y: writes(tensor("y", [M, N]), storeWidth(N) === 4 ? "vec4f" : "f32"),
      },
    },
    target,
  );
  return [...offered];
}

const names = (spec: MatrixProduct, target = small): string[] => variants(spec, target).map(({ variant }) => variant!);

it("takes large tiles for large products, and small ones where few would leave a GPU idle", () => {
  expect(names(product(100_352, 128, 576))[0]).toBe("tiled 128x128 by 8x8");
  expect(names(product(64, 64, 1600))[0]).toMatch(/^tiled 8x8 .* slices$/);
});

it("offers several variants, each once, over the same bindings", () => {
  for (const spec of [product(43_264, 32, 9), product(6400, 64, 288), product(64, 10, 64), product(1, 1, 1)]) {
    const offered = variants(spec, { ...small, subgroupSize: { min: 8, max: 32 } });
    expect(offered.length).toBeGreaterThanOrEqual(2);
    expect(offered.length).toBeLessThanOrEqual(6);
    expect(new Set(offered.map(({ variant }) => variant)).size).toBe(offered.length);
    expect(new Set(offered.map(({ bindings }) => JSON.stringify(bindings))).size).toBe(1);
  }
});

it("stays within the workgroup memory and the invocations that there are", () => {
  const bytesOf = (code: string): number =>
    [...code.matchAll(/var<workgroup> \w+: array<(vec4f|vec4<f16>), (\d+)>/g)].reduce(
      (sum, [, type, length]) => sum + Number(length) * (type === "vec4f" ? 16 : 8),
      0,
    );
  for (const target of [small, { ...small, maxWorkgroupBytes: 32_768 }, { ...small, maxWorkgroupSize: 64 }]) {
    for (const precision of ["float32", "float16"] as const) {
      for (const spec of [product(8192, 1024, 1024), product(64, 64, 1600), product(6400, 64, 288)]) {
        for (const { code } of variants(spec, { ...target, precision })) {
          expect(bytesOf(code)).toBeLessThanOrEqual(target.maxWorkgroupBytes);
          const [, size] = /@workgroup_size\((\d+)\)/.exec(code)!;
          expect(Number(size)).toBeLessThanOrEqual(target.maxWorkgroupSize);
        }
      }
    }
  }
});

it("multiplies in float16 in a forward pass only, and only where it is asked for", () => {
  const half: KernelTarget = { ...small, precision: "float16" };
  expect(names(product(640, 64, 64), half).every((variant) => variant.endsWith(", float16"))).toBe(true);
  expect(names(product(640, 64, 64, false), half).some((variant) => variant.includes("float16"))).toBe(false);
  expect(names(product(640, 64, 64)).some((variant) => variant.includes("float16"))).toBe(false);
});

it("offers subgroups last, and only where the target has them", () => {
  const subgroupSize = { min: 32, max: 32 };
  expect(names(product(6400, 256, 288)).some((variant) => variant.includes("subgroups"))).toBe(false);
  expect(names(product(6400, 256, 288), { ...small, subgroupSize }).slice(-2)).toEqual([
    "subgroups, 8x8 by 32",
    "subgroups, 8x4 by 32",
  ]);
});
