import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ArgumentError, ModelFileError } from "@convoy/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "./cli/commandLine.js";
import { loadModel, loadWeights, saveModel, writeOnnx } from "./index.js";
import { writeKeras } from "./keras/index.js";
import { stack } from "./testing/sampleModels.js";

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "convoy-options-"));
});
afterAll(() => {
  rmSync(folder, { recursive: true });
});

async function run(...args: string[]): Promise<{ status: number; out: string; error: string }> {
  const [out, error]: [string[], string[]] = [[], []];
  const status = await runCommand(
    args,
    (text) => out.push(text),
    (text) => error.push(text),
  );
  return { status, out: out.join("\n"), error: error.join("\n") };
}

describe("quantization is of tfjs alone", () => {
  test.each(["a.keras", "a.h5", "a.weights.h5", "a.safetensors", "a.onnx"])("not of %s", async (name) => {
    const path = join(folder, name);
    for (const quantization of ["uint8", "nonsense"] as const) {
      const saving = saveModel(stack(), path, { quantization: quantization as "uint8" });
      await expect(saving).rejects.toThrow(ArgumentError);
      await expect(saving).rejects.toThrow(/quantization is for tfjs .*give format: "tfjs"/);
    }
    expect(existsSync(path)).toBe(false);
    expect(await run("convert", "missing.keras", path, "--quantization", "uint8")).toMatchObject({
      status: 1,
      error: expect.stringMatching(/quantization is for tfjs/),
    });
  });

  test("of those that there are", async () => {
    const saving = saveModel(stack(), join(folder, "web/"), { quantization: "uint4" as "uint8" });
    await expect(saving).rejects.toThrow(/quantization is "uint4"/);
    expect(existsSync(join(folder, "web"))).toBe(false);
  });
});

describe("options of reading that the format would ignore are refused", () => {
  const sources = {
    keras: () => writeKeras(stack()),
    convoy: () => stack().save(),
    onnx: () => writeOnnx(stack()),
  };

  test.each([
    ["convoy", { inputShape: [12, 10, 3] }, /^inputShape is for files of Keras, TensorFlow.js and ONNX; .*Convoy/],
    ["convoy", { architecture: "{}" }, /^architecture is for files of Keras and TensorFlow.js with weights alone/],
    ["onnx", { architecture: "{}" }, /^architecture is for .*ONNX/],
    ["onnx", { customObjects: {} }, /^customObjects is for files of Keras, TensorFlow.js and Convoy; .*ONNX/],
  ] as const)("of %s: %j", async (name, options, message) => {
    const bytes = await sources[name]();
    await expect(loadModel(bytes, options)).rejects.toThrow(ArgumentError);
    await expect(loadModel(bytes, options)).rejects.toThrow(message);
  });

  test.each([
    ["convoy", { customObjects: {} }],
    ["keras", { customObjects: {}, inputShape: [12, 10, 3] }],
    ["onnx", { inputShape: [12, 10, 3] }],
  ] as const)("others of %s are taken, and warn always: %j", async (name, options) => {
    const loaded = await loadModel(await sources[name](), { ...options, warn: () => {} });
    expect(loaded.layers.length).toBeGreaterThan(1);
  });
});

describe("loadWeights says where weights of other formats go", () => {
  test("of ONNX", async () => {
    const loading = loadWeights(stack(), await writeOnnx(stack()));
    await expect(loading).rejects.toThrow(ModelFileError);
    await expect(loading).rejects.toThrow(
      /ONNX .*: its weights are not named by layers; loadModel\(source\) reads it whole/,
    );
  });

  test("of Convoy, where they do go", async () => {
    const bytes = await stack().save();
    await expect(loadWeights(stack(), bytes)).rejects.toThrow(/Convoy .*: model.loadWeights\(source\) takes them/);
    await stack().loadWeights(bytes);
  });
});

describe("Convoy's own file", () => {
  /** The same file with another header. */
  function withHeader(bytes: Uint8Array, change: (header: Record<string, unknown>) => string): Uint8Array {
    const length = Number(new DataView(bytes.buffer, bytes.byteOffset).getBigUint64(0, true));
    const header = new TextEncoder().encode(
      change(JSON.parse(new TextDecoder().decode(bytes.subarray(8, 8 + length))) as Record<string, unknown>),
    );
    const changed = new Uint8Array(8 + header.length + bytes.length - 8 - length);
    new DataView(changed.buffer).setBigUint64(0, BigInt(header.length), true);
    changed.set(header, 8);
    changed.set(bytes.subarray(8 + length), 8 + header.length);
    return changed;
  }

  test("is told by its header, however that is written", async () => {
    const bytes = await stack().save();
    const spaced = withHeader(bytes, (header) => JSON.stringify(header, undefined, 2));
    expect((await loadModel(spaced)).layers).toHaveLength(stack().layers.length);
    const last = withHeader(bytes, ({ __metadata__, ...tensors }) =>
      JSON.stringify({
        [`padding${"x".repeat(70_000)}`]: { dtype: "F32", shape: [0], data_offsets: [0, 0] },
        ...tensors,
        __metadata__,
      }),
    );
    await expect(loadWeights(stack(), last)).rejects.toThrow(/model.loadWeights\(source\) takes them/);
  });

  test("is none where the text is of something else", async () => {
    const other = withHeader(await stack().save(), ({ __metadata__, ...tensors }) =>
      JSON.stringify({ __metadata__: { format: "pt" }, ...tensors, more: { format: "convoy" } }),
    );
    await expect(loadModel(other)).rejects.toThrow(/holds tensors by name/);
  });

  test("is one that is damaged where it is cut off", async () => {
    const bytes = await stack().save();
    await expect(loadModel(bytes.slice(0, 600))).rejects.toThrow(/cut off/);
  });

  test("of weights alone says so", async () => {
    const path = join(folder, "weights.safetensors");
    await stack().saveWeights(path);
    const { status, out } = await run("inspect", path);
    expect(status).toBe(0);
    expect(out).toMatch(/weights alone, without the layers/);
    await stack().save(path);
    expect((await run("inspect", path)).out).toMatch(/Total params/);
  });
});
