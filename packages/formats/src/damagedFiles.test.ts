import { expect, it } from "vitest";
import { readOnnx } from "./onnx/readOnnx.js";
import { readPytorch } from "./pytorch/readPytorch.js";
import { expectToSurviveDamage } from "./testing/damage.js";
import {
  sampleComputedOnnx,
  sampleLegacyPytorch,
  sampleOnnx,
  samplePytorch,
  sampleSafetensors,
} from "./testing/sampleFiles.js";
import { readSafetensors } from "./torch/safetensors.js";

const tensor = { data: Float32Array.of(0, 1, 2, 3, 4, 5), shape: [2, 3] };

it.each([
  ["as it is written now", samplePytorch],
  ["as it was written before 1.6", sampleLegacyPytorch],
])("reads PyTorch's file %s", async (_, file) => {
  expect([...(await readPytorch(file()))]).toEqual([["weight", tensor]]);
});

it.each([
  ["ONNX", sampleOnnx, readOnnx],
  ["ONNX with computed weights", sampleComputedOnnx, readOnnx],
  ["PyTorch", samplePytorch, readPytorch],
  ["old PyTorch", sampleLegacyPytorch, readPytorch],
  ["safetensors", sampleSafetensors, readSafetensors],
] as const)(
  "reads or refuses damaged files: %s",
  async (_, file, read) => {
    await expectToSurviveDamage(await file(), (bytes) => read(bytes), 400);
  },
  120_000,
);
