import { wasm } from "@convoy/backend-wasm";
import { ArgumentError, type Backend, type Model, loadModel as ownLoadModel } from "@convoy/core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { FileMap } from "./files/sources.js";
import { formats } from "./formats.js";
import { loadModel, loadWeights } from "./index.js";
import { expectedOf, reasonToSkip } from "./testing/strangersFiles.js";
import { loadStranger, strangersNames, strangersSamples } from "./testing/strangersModels.js";

/** Formats of weights alone: they are read back into an equal model. */
const weightsAlone = ["keras-weights", "safetensors"];

/** What a format truly cannot hold, and what it says of it. */
const refused: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  // Slopes for every place of the images; PyTorch's PReLU has one a channel.
  "steering-cnn-keras1-21.h5": { safetensors: /PReLU.*has weights alpha, for which PyTorch has no counterpart/ },
  // Keras 2 has no such function.
  "mnist-cnn-71.safetensors": { h5: /Keras 2 has no activation "logSoftmax"/ },
  "mnist-lenet-branches-49.onnx": { h5: /Keras 2 has no activation "logSoftmax"/ },
  "mnist-cnn-pytorch-logsoftmax-53.onnx": { h5: /Keras 2 has no activation "logSoftmax"/ },
};

/** What a format leaves out because only training knows it, and what it says of that. */
const leftOut: Readonly<Record<string, Readonly<Record<string, RegExp>>>> = {
  "mnist-cnn-augmented-05.keras": { tfjs: /RandomRotation.* give on what they get.*TensorFlow\.js has no such layer/ },
};

/** An equal model with other weights. */
async function emptied(model: Model): Promise<Model> {
  const copy = await ownLoadModel(await model.save());
  await copy.setWeights(
    (await copy.getWeights()).map(({ data, shape }) => ({ shape, data: new Float32Array(data.length).fill(0.5) })),
  );
  return copy;
}

describe.skipIf(reasonToSkip !== undefined)(`files of other people${reasonToSkip ? `: ${reasonToSkip}` : ""}`, () => {
  let backend: Backend;
  beforeAll(async () => {
    backend = await wasm();
  });
  afterAll(async () => {
    await backend?.dispose();
  });

  const writable = formats.filter(({ write }) => write !== undefined);
  test("there is a table to go through", () => {
    expect(strangersNames.length).toBeGreaterThan(30);
    expect(writable.map(({ name }) => name)).toEqual(
      expect.arrayContaining(["keras", "keras-weights", "h5", "tfjs", "convoy", "onnx", "safetensors"]),
    );
  });

  test.each(strangersNames)("%s is saved in every format and read back to the same predictions", async (name) => {
    const model = await loadStranger(name, { warn: () => undefined });
    const samples = strangersSamples(name, model);
    const predicted = async (made: Model): Promise<Float32Array> => {
      made.compile({ backend });
      return (await made.predict(samples)).data;
    };
    const expected = expectedOf(name).predictions.flat();
    const before = await predicted(model);
    expect(Math.max(...expected.map((value, index) => Math.abs(value - before[index]!)))).toBeLessThan(1e-4);
    for (const format of writable) {
      const reason = refused[name]?.[format.name];
      if (reason !== undefined) {
        const writing = format.write!(model, {});
        await expect(writing, format.name).rejects.toThrow(ArgumentError);
        await expect(writing, format.name).rejects.toThrow(reason);
        continue;
      }
      const told: string[] = [];
      const warn = (message: string): number => told.push(message);
      const written = (await format.write!(model, { warn })) as Uint8Array | FileMap;
      const message = leftOut[name]?.[format.name];
      expect(told.splice(0), format.name).toEqual(message === undefined ? [] : [expect.stringMatching(message)]);
      let again: Model;
      if (weightsAlone.includes(format.name)) {
        again = await emptied(model);
        expect(await predicted(again)).not.toEqual(before);
        await loadWeights(again, written);
      } else {
        again = await loadModel(written, { warn });
      }
      expect(await predicted(again), format.name).toEqual(before);
      expect(told, format.name).toEqual([]);
      again.dispose();
    }
    model.dispose();
  });
});
