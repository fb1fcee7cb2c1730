import { readFileSync } from "node:fs";
import { join } from "node:path";
import { applications, ModelFileError } from "@convoy/core";
import { describe, expect, test } from "vitest";
import { openFiles } from "./files/sources.js";
import { formatOf } from "./formats.js";
import { loadModel, loadWeights } from "./index.js";
import { reasonToSkip } from "./testing/strangersFiles.js";

const models = join(process.env.CONVOY_DATA_DIR ?? "", "models");

describe.skipIf(reasonToSkip !== undefined)(`files of other people${reasonToSkip ? `: ${reasonToSkip}` : ""}`, () => {
  test.each([
    ["mnist-cnn-01.keras", "keras"],
    ["mnist-cnn-really-hdf5-13.keras", "h5"],
    ["steering-cnn-keras1-21.h5", "h5"],
    ["mnist-cnn-keras3-19.weights.h5", "h5"],
    ["tfjs-teachable-machine-63", "tfjs"],
    ["mnist-7-cntk-41.onnx", "onnx"],
    ["mnist-cnn-pytorch-43.onnx", "onnx"],
    ["mnist-cnn-keras2onnx-51.onnx", "onnx"],
    ["mnist-cnn-bn-whitematter-47.onnx", "onnx"],
    ["mnist-cnn-pytorch-81.pth", "pytorch"],
    ["cifar10-lenet-legacy-83.pth", "pytorch"],
    ["cifar10-resnet20-checkpoint-85.th", "pytorch"],
    ["mnist-cnn-71.safetensors", "safetensors"],
    ["mnist-cnn-bn-tinygrad-73.safetensors", "safetensors"],
  ])("%s is told to be %s, without its name too", async (name, format) => {
    const files = await openFiles(join(models, name));
    expect((await formatOf(files)).name).toBe(format);
    expect((await formatOf({ ...files, name: "a file" })).name).toBe(format);
  });

  test("ONNX files are loaded, weights alone are refused with the remedy", async () => {
    const made = await loadModel(join(models, "mnist-cnn-pytorch-43.onnx"));
    expect(made.outputs[0]!.shape).toEqual([10]);
    await expect(loadModel(join(models, "mnist-cnn-pytorch-81.pth"))).rejects.toThrow(
      /not the layers that they are of.*loadWeights/,
    );
  });

  test("the weights that Keras keeps for SqueezeNet go into the network of that name", async () => {
    const path = join(
      models,
      "../pretrained/squeezenet-imagenet/squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5",
    );
    const made = applications.squeezeNet({ includeTop: false, inputShape: [64, 64, 3] });
    const before = await made.getWeights();
    await loadWeights(made, path);
    const after = await made.getWeights();
    expect(after.filter(({ data }, index) => data.every((value, at) => value === before[index]!.data[at]))).toEqual([]);
    await expect(loadWeights(applications.lenet5(), readFileSync(path))).rejects.toThrow(ModelFileError);
  });
});
