import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { stepLayout, stepWords, unpackStep } from "@convoy/core/backend";
import { describe, expect, it } from "vitest";
import { packageFolder } from "../../device/images/readImage.js";
import { type Declarations, readDeclarations } from "../../testing/cudaDeclarations.js";
import { signatures } from "./signatures.js";
import { constants, enums, structs } from "./structs.js";

const folder = join(packageFolder, "kernels");
const sources = (readdirSync(folder, { recursive: true }) as string[])
  .filter((name) => /\.(cu|h)$/.test(name))
  .sort()
  .map((name) => readFileSync(join(folder, name), "utf8"))
  .join("\n");
const declarations = readDeclarations(sources);

/** With their order: `toEqual` takes objects with the same keys for equal. */
function inOrder(
  tables: Readonly<Record<string, Readonly<Record<string, string | number>>>>,
): Record<string, string[]> {
  return Object.fromEntries(
    Object.entries(tables).map(([name, fields]) => [
      name,
      Object.entries(fields).map(([field, type]) => `${type} ${field}`),
    ]),
  );
}

/** The tables here must be what the sources declare. */
function compare(actual: Declarations): void {
  const declaredStructs = Object.keys(structs).map((name) => [name, actual.structs[name] ?? {}] as const);
  expect(inOrder(structs)).toEqual(inOrder(Object.fromEntries(declaredStructs)));
  expect(inOrder(signatures)).toEqual(inOrder(actual.signatures));
  expect(inOrder(enums)).toEqual(inOrder(actual.enums));
  expect(actual.constants).toMatchObject(constants);
  expect(Object.entries(actual.structs.StepRow ?? {}).map(([field, type]) => `${type} ${field}`)).toEqual(stepRow());
}

/** The fields of core's step table; a float is a field that unpacks as one. */
function stepRow(): string[] {
  const bits = new Uint32Array(Float32Array.of(1.5).buffer)[0]!;
  const row = unpackStep({ count: 1, bytes: new Uint8Array(new Uint32Array(stepWords).fill(bits).buffer) }, 0);
  const numbers: Readonly<Record<string, unknown>> = { ...row };
  const fields = Object.entries(stepLayout).sort(([, a], [, b]) => a - b);
  expect(fields.map(([, word]) => word)).toEqual(fields.map((_, index) => index));
  expect(fields).toHaveLength(stepWords);
  return fields.map(([name]) => `${numbers[name] === 1.5 ? "float" : "uint32_t"} ${name}`);
}

describe("the arguments of kernels", () => {
  it("are the same here and in the CUDA sources", () => compare(declarations));

  it.each([
    ["fields in another order", "int KH, KW, F;", "int KW, KH, F;"],
    ["a field of another type", "float above[3], below[3];", "int above[3], below[3];"],
    ["an array of another length", "constexpr int maxSources = 4;", "constexpr int maxSources = 5;"],
    ["a field more", "int splitLength;", "int splitLength, more;"],
    ["a field less", "float scale;\n  int type;", "float scale;"],
    ["a field of another name", "float low, high;", "float low, top;"],
    [
      "a pointer to something else",
      "int* __restrict__ argmax;\n  // Null without",
      "float* argmax;\n  // Null without",
    ],
    [
      "parameters in another order",
      "const float* norm, float limit, int count",
      "float limit, const float* norm, int count",
    ],
    ["a parameter of a macro's kernels", "float* y, int M, int N, int K", "float* y, int M, int N"],
    ["a kernel that nobody launches", "EXPORT_KERNEL(add)", "KERNEL forgotten(int count) {}"],
    ["another enumerator", "leakyRelu, elu, sigmoid,", "elu, leakyRelu, sigmoid,"],
    ["another block size", "constexpr int blockThreads = 256;", "constexpr int blockThreads = 128;"],
    ["a step row in another order", "float learningRate;\n  float stepSize;", "float stepSize;\n  float learningRate;"],
    ["a step row of other types", "uint32_t batchStart;", "float batchStart;"],
  ])("notices %s", (_, text, planted) => {
    expect(sources.split(text)).toHaveLength(2);
    expect(() => compare(readDeclarations(sources.replace(text, planted)))).toThrow();
  });
});
