import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { type Backend, layers, losses, type Model, ModelFileError, optimizers, sequential } from "@convoy/core";
import { reference } from "@convoy/core/reference";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { runCommand } from "./cli/commandLine.js";
import { loadModel, loadWeights, saveModel } from "./index.js";
import { writeKeras, writeKerasH5, writeKerasWeights } from "./keras/index.js";
import { fillWeights, samplesFor, stack } from "./testing/sampleModels.js";
import { writeTfjs } from "./tfjs/index.js";

let backend: Backend;
let folder: string;
let made: Model;
let expected: Float32Array;

beforeAll(async () => {
  backend = await reference();
  folder = mkdtempSync(join(tmpdir(), "convoy-formats-"));
  made = stack();
  await fillWeights(made);
  expected = await predicted(made);
});
afterAll(() => {
  backend.dispose();
  rmSync(folder, { recursive: true });
});

async function predicted(model: Model): Promise<Float32Array> {
  model.compile({ backend });
  return (await model.predict(samplesFor(model)[0]!)).data;
}

describe("every format that can be written", () => {
  test.each(["model.keras", "model.h5", "model.hdf5", "folder/model.json", "other/", "model.safetensors"])(
    "%s is told from its bytes and read back",
    async (name) => {
      const path = join(folder, name);
      await saveModel(made, name.endsWith("/") ? `${path}/` : path);
      expect(await predicted(await loadModel(path))).toEqual(expected);
      expect(await predicted(await loadModel(pathToFileURL(path)))).toEqual(expected);
    },
  );

  test("tfjs leaves nothing but its files", () => {
    expect(readdirSync(join(folder, "other")).sort()).toEqual([
      expect.stringMatching(/^group1-shard1of1-[0-9a-f]{16}\.bin$/),
      "model.json",
    ]);
  });

  test("weights alone go into a model that is there", async () => {
    const path = join(folder, "model.weights.h5");
    await saveModel(made, path);
    for (const source of [path, await writeKeras(made), await writeKerasH5(made), await writeTfjs(made)]) {
      const other = stack();
      expect(await predicted(other)).not.toEqual(expected);
      await loadWeights(other, source);
      expect(await predicted(other)).toEqual(expected);
    }
    const small = sequential([layers.dense({ units: 3, inputShape: [2] })]);
    await expect(loadWeights(small, path)).rejects.toThrow(ModelFileError);
    await expect(loadModel(path)).rejects.toThrow(/pass architecture/);
  });
});

describe("sources", () => {
  test("bytes, blobs, files and stores", async () => {
    const bytes = await writeKeras(made);
    const copy = new Uint8Array(bytes);
    for (const source of [
      bytes,
      copy.buffer,
      new Blob([copy]),
      new File([copy], "a.keras"),
      { read: async () => copy },
    ]) {
      expect(await predicted(await loadModel(source))).toEqual(expected);
    }
  });

  test("several files that a user picked", async () => {
    const files = await writeTfjs(made);
    const picked = Object.entries(files).map(([name, bytes]) => new File([bytes], name));
    expect(await predicted(await loadModel(picked))).toEqual(expected);
    const { "model.json": json } = files;
    await expect(loadModel({ "model.json": json! })).rejects.toThrow(/group1-shard1of1-\w+.bin, which was not given/);
    await expect(loadModel(json!)).rejects.toThrow(/pass all files/);
  });

  test("paths of weight files stay in the folder of model.json", async () => {
    const outside = join(folder, "secret.bin");
    writeFileSync(outside, new Uint8Array(100_000));
    const files = await writeTfjs(made);
    for (const path of [
      "../secret.bin",
      outside,
      "file:///etc/passwd",
      "a/../../secret.bin",
      "..\\secret.bin",
      "http://x/y",
      "",
    ]) {
      const json = JSON.parse(new TextDecoder().decode(files["model.json"]));
      json.weightsManifest[0].paths = [path];
      const own = join(folder, "other/model.json");
      writeFileSync(own, JSON.stringify(json));
      await expect(loadModel(own)).rejects.toThrow(/only files in the same folder/);
    }
  });

  test("what is no model says what was expected", async () => {
    await expect(loadModel(join(folder, "none.keras"))).rejects.toThrow(/no such file/);
    await expect(loadModel(new TextEncoder().encode("<!DOCTYPE html>"))).rejects.toThrow(/an error page/);
    await expect(loadModel(new Uint8Array())).rejects.toThrow(ModelFileError);
    await expect(loadModel(42 as never)).rejects.toThrow(/a model is read from/);
    await expect(loadModel(new Uint8Array(), { backends: 1 } as never)).rejects.toThrow(/unknown option backends/);
  });
});

describe("what is not known is named, or made by the caller", () => {
  const config = (entry: object): string =>
    JSON.stringify({
      class_name: "Sequential",
      config: {
        name: "s",
        layers: [
          { class_name: "InputLayer", config: { batch_shape: [null, 4], name: "i" } },
          entry,
          { class_name: "Dense", config: { units: 2, name: "d" } },
        ],
      },
    });
  const small = sequential([layers.input({ shape: [4] }), layers.dense({ units: 2, name: "d" })]);

  test.each([
    [
      { class_name: "Lambda", config: { name: "double" } },
      /layer double \(Lambda\) holds Python code.*customObjects: \{ Lambda/,
    ],
    [{ class_name: "MyLayer", config: { name: "mine" } }, /layer mine \(MyLayer\) is no layer that is here/],
    [{ class_name: "ReLU", config: { name: "r", max_value: 3 } }, /layer r \(ReLU\): max_value 3/],
    [{ class_name: "Dense", config: { name: "x", units: -1 } }, /layer x \(Dense\): dense: units is -1/],
    [{ class_name: "Activation", config: { name: "a", activation: "mish" } }, /activation "mish" is not known/],
  ])("%j", async (entry, message) => {
    const bytes = await writeKerasWeights(small);
    await expect(loadModel(bytes, { architecture: config(entry) })).rejects.toThrow(message);
  });

  test("customObjects make layers from what the file says of them", async () => {
    const entry = { class_name: "Lambda", config: { name: "double", factor: 2 } };
    const loaded = await loadModel(await writeKerasWeights(small), {
      architecture: config(entry),
      customObjects: { Lambda: ({ factor }: { factor: number }) => layers.rescaling({ scale: factor }) },
    });
    const data = Float32Array.of(1, 2, 3, 4);
    small.compile({ backend });
    loaded.compile({ backend });
    const twice = await small.predict({ data: data.map((value) => 2 * value), shape: [1, 4] });
    expect((await loaded.predict({ data, shape: [1, 4] })).data).toEqual(twice.data);
  });

  test("how a model was trained is taken over where the backend is given", async () => {
    const told: string[] = [];
    const architecture = config({ class_name: "Activation", config: { name: "a", activation: "linear" } });
    const model = JSON.parse(architecture);
    const json = {
      modelTopology: {
        keras_version: "2.9.0",
        model_config: model,
        training_config: {
          loss: "mse",
          metrics: ["mae", "a_metric_of_ones_own"],
          optimizer_config: { class_name: "SGD", config: { learning_rate: 0.5, momentum: 0, decay: 0 } },
        },
      },
      weightsManifest: JSON.parse(new TextDecoder().decode((await writeTfjs(small))["model.json"])).weightsManifest,
    };
    const files = { ...(await writeTfjs(small)), "model.json": new TextEncoder().encode(JSON.stringify(json)) };
    const loaded = await loadModel(files, { backend, warn: (message) => told.push(message) });
    const x = { data: Float32Array.of(1, 2, 3, 4), shape: [1, 4] };
    const y = { data: Float32Array.of(1, -1), shape: [1, 2] };
    small.compile({
      backend,
      loss: losses.meanSquaredError(),
      optimizer: optimizers.sgd({ learningRate: 0.5 }),
      metrics: ["meanAbsoluteError"],
    });
    expect(await loaded.trainOnBatch(x, y)).toEqual(await small.trainOnBatch(x, y));
    expect((await loaded.predict(x)).data).toEqual((await small.predict(x)).data);
    expect(told).toEqual([expect.stringContaining("a_metric_of_ones_own")]);
  });
});

describe("the command", () => {
  async function run(...args: string[]): Promise<{ status: number; out: string; error: string }> {
    const [out, error]: [string[], string[]] = [[], []];
    const status = await runCommand(
      args,
      (text) => out.push(text),
      (text) => error.push(text),
    );
    return { status, out: out.join("\n"), error: error.join("\n") };
  }

  test("converts from any format to any", async () => {
    const from = join(folder, "command.keras");
    writeFileSync(from, await writeKeras(made));
    const to = join(folder, "converted/model.json");
    expect(await run("convert", from, to)).toEqual({ status: 0, out: `${to}: written as tfjs`, error: "" });
    const back = join(folder, "converted.bin");
    expect((await run("convert", to, back, "--to", "h5")).status).toBe(0);
    expect(await predicted(await loadModel(back))).toEqual(expected);
    const quantised = join(folder, "quantised/");
    expect((await run("convert", from, quantised, "--quantization", "uint8")).status).toBe(0);
    const size = (name: string): number =>
      readFileSync(join(name, readdirSync(name).find((file) => file.startsWith("group1-shard1of1-"))!)).length;
    expect(size(quantised)).toBe(size(join(folder, "converted")) / 4);
  });

  test("says what a file holds", async () => {
    const from = join(folder, "command.h5");
    writeFileSync(from, await writeKerasH5(made));
    const { status, out } = await run("inspect", from);
    expect(status).toBe(0);
    expect(out).toMatch(/format: Keras 1 and 2, HDF5/);
    expect(out).toMatch(/producer: keras 2.15.0/);
    expect(out).toMatch(/conv2d \(Conv2D\)/);
    expect(out).toMatch(/Total params: [\d,]+/);
    writeFileSync(from, await writeKerasWeights(made));
    expect((await run("inspect", from)).out).toMatch(/weights alone/);
  });

  test("says what is wrong", async () => {
    expect(await run()).toMatchObject({ status: 2, error: expect.stringMatching(/Usage/) });
    expect(await run("--help")).toMatchObject({ status: 0, out: expect.stringMatching(/convert FROM TO/) });
    expect(await run("convert", "a")).toMatchObject({ status: 2 });
    expect(await run("inspect", "--nothing")).toMatchObject({ status: 1, error: expect.stringMatching(/--nothing/) });
    const missing = join(folder, "missing.keras");
    expect(await run("convert", missing, "a.keras")).toMatchObject({
      status: 1,
      error: expect.stringMatching(/no such file/),
    });
    expect(await run("convert", missing, "a.png")).toMatchObject({
      status: 1,
      error: expect.stringMatching(/no ending/),
    });
    expect(existsSync("a.keras")).toBe(false);
  });
});
