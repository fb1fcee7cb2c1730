import { it } from "vitest";
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

it.each([
  ["ONNX", sampleOnnx, readOnnx],
  ["ONNX with computed weights", sampleComputedOnnx, readOnnx],
  ["PyTorch", samplePytorch, readPytorch],
  ["old PyTorch", sampleLegacyPytorch, readPytorch],
  ["safetensors", sampleSafetensors, readSafetensors],
] as const)(
  "reads or refuses a hundred thousand damaged files: %s",
  async (_, file, read) => {
    await expectToSurviveDamage(await file(), (bytes) => read(bytes), 100_000);
  },
  3_600_000,
);
