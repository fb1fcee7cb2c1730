import { ModelFileError } from "@convoy/core";
import { describe, expect, test } from "vitest";
import { onnxFile as file } from "../testing/onnxFile.js";
import { readOnnx } from "./readOnnx.js";

/** A file that is refused for that, at once and with little memory. */
async function expectRefused(bytes: Uint8Array, message: RegExp): Promise<void> {
  const before = process.memoryUsage().arrayBuffers;
  const start = process.cpuUsage();
  const error = await readOnnx(bytes).then(
    () => undefined,
    (caught: unknown) => caught,
  );
  const { user, system } = process.cpuUsage(start);
  expect(error).toBeInstanceOf(ModelFileError);
  expect((error as Error).message).toMatch(message);
  expect(user + system).toBeLessThan(1e6);
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(16 * 2 ** 20 + 8 * bytes.length);
}

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index % 7);

/** Nodes one behind the other. */
function chain(first: string, count: number, next: (value: string) => string): string {
  return Array.from({ length: count }).reduce<string>((value) => next(value), first);
}

describe("ONNX files that are made to do harm", () => {
  test.each(["constructor", "toString", "valueOf", "__proto__", "hasOwnProperty"])(
    "an operator called %s is none",
    async (op) => {
      await expectRefused(
        file([3], (graph) => graph.node(op, ["x"], {}, "odd")[0]!),
        new RegExp(`node "odd" \\(${op}\\): there is no layer for ${op}`),
      );
      const folded = file([3], (graph) => {
        const [constant] = graph.node(op, [graph.floats("w", [1])], {}, "odd");
        return graph.node("Add", ["x", constant!], {}, "sum")[0]!;
      });
      await expectRefused(folded, new RegExp(`there is no layer for ${op}`));
    },
  );

  test.each(["Add", "Gather", "Range", "Where", "Pow"])("%s of one constant is refused by its name", async (op) => {
    const bytes = file([3], (graph) => {
      const [constant] = graph.node(op, [graph.floats("w", [1, 2, 3])], {}, "lone");
      return graph.node("Add", ["x", constant!], {}, "sum")[0]!;
    });
    await expectRefused(bytes, new RegExp(`node "lone" \\(${op}\\): it has 1 inputs, expected`));
  });

  test("the largest of one constant is that constant", async () => {
    const bytes = file([2], (graph) => {
      const [constant] = graph.node("Max", [graph.floats("w", [1, 2])], {}, "lone");
      return graph.node("Add", ["x", constant!], {}, "sum")[0]!;
    });
    const weights = await (await readOnnx(bytes)).getWeights();
    expect([...weights[1]!.data]).toEqual([1, 2]);
  });

  test("constants that are computed again and again", async () => {
    const bytes = file([3], (graph) => {
      const last = chain(
        graph.floats("w", numbers(100_000), [100_000]),
        300,
        (value) => graph.node("Neg", [value], {}, "again")[0]!,
      );
      return graph.node("Add", ["x", last], {}, "sum")[0]!;
    });
    await expectRefused(bytes, /\(Neg\): with it, what nodes compute of constants.*out of proportion to the file/);
  });

  test("weights that many nodes read", async () => {
    const bytes = file([200], (graph) => {
      const weights = graph.floats("w", numbers(40_000), [200, 200]);
      return chain("x", 300, (value) => graph.node("MatMul", [value, weights], {}, "product")[0]!);
    });
    await expectRefused(bytes, /\(MatMul\): with it.*out of proportion to the file/);
  });

  test("tensors of more axes than there are", async () => {
    const axes = Array.from({ length: 50_000 }, (_, index) => index);
    const unsqueezed = file([3], (graph) => {
      const [constant] = graph.node("Unsqueeze", [graph.floats("w", [1]), graph.integers("axes", axes)], {}, "wide");
      return graph.node("Add", ["x", constant!], {}, "sum")[0]!;
    });
    await expectRefused(unsqueezed, /"wide" \(Unsqueeze\): its result has 50001 axes; up to 32 are read/);
    const ones = axes.map(() => 1);
    const reshaped = file([3], (graph) => {
      const [constant] = graph.node("Reshape", [graph.floats("w", [1]), graph.integers("shape", ones)], {}, "wide");
      return graph.node("Add", ["x", constant!], {}, "sum")[0]!;
    });
    await expectRefused(reshaped, /"wide" \(Reshape\): its result has 50000 axes/);
    await expectRefused(
      file([3], (graph) => graph.node("Add", ["x", graph.floats("w", [1], ones)], {}, "sum")[0]!),
      /initializer.*it has 50000 axes; up to 32 are read/,
    );
  });

  test("slices of one axis, a thousand times", async () => {
    const many = Array.from({ length: 1000 }, () => 0);
    const bytes = file([3], (graph) => {
      const inputs = [many, many.map(() => 1), many].map((list) => graph.integers("list", list));
      const [constant] = graph.node("Slice", [graph.floats("w", numbers(60_000), [60_000]), ...inputs], {}, "part");
      return graph.node("Add", ["x", constant!], {}, "sum")[0]!;
    });
    await expectRefused(bytes, /"part" \(Slice\): starts and ends do not belong to each other, or there are more/);
  });

  test("a number for each element of images that are larger than any memory", async () => {
    const bytes = file(
      [1, 30_000, 30_000],
      (graph) => graph.node("Add", ["x", graph.floats("w", numbers(30_000), [1, 30_000, 1])], {}, "sum")[0]!,
    );
    await expectRefused(bytes, /"sum" \(Add\): it computes a constant of shape \[900000000\]/);
  });

  test("more nodes than any network has", async () => {
    const bytes = file([3], (graph) => {
      for (let index = 0; index < 25_000; index++) {
        graph.node("Relu", ["x"], {}, "many");
      }
      return "x";
    });
    await expectRefused(bytes, /nodes that give 25001 values; up to 20000 are read/);
  });

  test("thousands of nodes of one name, all of one value", async () => {
    const bytes = file([3], (graph) => {
      for (let index = 0; index < 2000; index++) {
        graph.node("Relu", ["x"], {}, "many");
      }
      return "x";
    });
    const start = process.cpuUsage();
    await readOnnx(bytes);
    const { user, system } = process.cpuUsage(start);
    expect(user + system).toBeLessThan(1e6);
  });

  test("a constant that would stretch the samples is refused, not passed over", async () => {
    for (const op of ["Add", "Sub", "Mul", "Div", "Max"]) {
      const bytes = file(
        [1, 4, 4],
        (graph) => graph.node(op, ["x", graph.floats("w", [2, 2, 2], [3, 1, 1])], {}, "stretched")[0]!,
      );
      await expect(readOnnx(bytes), op).rejects.toThrow(/"stretched".*(does not fit samples|with several numbers)/);
    }
  });

  test("a layer may not have the name of an input", async () => {
    const bytes = file([3], (graph) => graph.node("Relu", ["x"], {}, "x")[0]!);
    const made = await readOnnx(bytes);
    expect(new Set(made.layers.map(({ label }) => label)).size).toBe(made.layers.length);
  });
});

test("options of readOnnx that are wrong are named", async () => {
  const bytes = file([3], () => "x");
  await expect(readOnnx(bytes, { layout: "NCHW" as never })).rejects.toThrow(/layout is "NCHW", expected/);
  await expect(readOnnx(bytes, { shape: [3] } as never)).rejects.toThrow(/readOnnx: unknown option shape/);
});
