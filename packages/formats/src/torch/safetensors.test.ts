import { execFileSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wasm } from "@convoy/backend-wasm";
import { type Backend, layers, sequential } from "@convoy/core";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { readPytorch } from "../pytorch/readPytorch.js";
import { compared, reasonToSkip, strangersFile } from "../testing/strangersFiles.js";
import { stateDictModels } from "../testing/strangersModels.js";
import { readStateDict, writeSafetensors } from "./safetensors.js";
import { loadStateDict, toStateDict } from "./stateDict.js";

const files = ["mnist-cnn-71.safetensors", "mnist-cnn-bn-tinygrad-73.safetensors"];

describe.skipIf(reasonToSkip !== undefined)("safetensors files of others", () => {
  let backend: Backend;

  beforeAll(async () => {
    backend = await wasm();
  });

  afterAll(async () => {
    await backend?.dispose();
  });

  it.each(files)("%s predicts what PyTorch does", async (name) => {
    const model = stateDictModels[name]!();
    await loadStateDict(model, await readStateDict(strangersFile(name)));

    const { difference, accuracy, expectedAccuracy } = await compared(model, name, backend);

    expect(difference).toBeLessThan(1e-4);
    expect(accuracy).toBeCloseTo(expectedAccuracy!, 3);
    model.dispose();
  });
});

/** Python with PyTorch, if this machine has one. */
function python(program: string, ...args: string[]): string {
  return execFileSync("/usr/bin/python3", ["-c", program, ...args], {
    encoding: "utf8",
    stdio: ["ignore", "pipe", "pipe"],
  });
}

function reasonWithoutTorch(): string | undefined {
  try {
    python("import torch, safetensors.torch");
    return undefined;
  } catch {
    return "/usr/bin/python3 has no torch and safetensors";
  }
}

const withoutTorch = reasonWithoutTorch();
if (withoutTorch !== undefined) {
  console.log(`Files that PyTorch reads and writes: skipped, ${withoutTorch}`);
}

describe.skipIf(withoutTorch !== undefined)("files that PyTorch reads and writes", () => {
  let folder: string;

  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), "convoy-torch-"));
  });

  afterAll(() => {
    rmSync(folder, { recursive: true, force: true });
  });

  it("writes what PyTorch loads strictly, with the same results", async () => {
    const model = sequential([
      layers.input({ shape: [6, 6, 2] }),
      layers.conv2d({ filters: 3, kernelSize: 3, name: "conv" }),
      layers.batchNormalization({ epsilon: 1e-5, name: "bn" }),
      layers.relu(),
      layers.flatten(),
      layers.dense({ units: 4, name: "fc" }),
    ]);
    const path = join(folder, "model.safetensors");
    const data = Float32Array.from({ length: 72 }, (_, index) => Math.sin(index));
    const backend = await wasm();
    model.compile({ backend });
    const { data: expected } = await model.predict({ data, shape: [1, 6, 6, 2] });
    writeFileSync(path, writeSafetensors(await toStateDict(model)));

    const found = python(
      `
import sys, json, torch, torch.nn as nn
from safetensors.torch import load_file
class Net(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv, self.bn, self.fc = nn.Conv2d(2, 3, 3), nn.BatchNorm2d(3), nn.Linear(48, 4)
    def forward(self, x):
        return self.fc(torch.relu(self.bn(self.conv(x))).flatten(1))
net = Net()
state = load_file(sys.argv[1])
state["bn.num_batches_tracked"] = torch.tensor(0)
net.load_state_dict(state)
x = torch.sin(torch.arange(72.0)).reshape(1, 6, 6, 2).permute(0, 3, 1, 2)
print(json.dumps(net.eval()(x)[0].tolist()))
`,
      path,
    );

    (JSON.parse(found) as number[]).forEach((value, index) => {
      expect(Math.abs(value - expected[index]!)).toBeLessThan(1e-5);
    });
    model.dispose();
    await backend.dispose();
  });

  it.each(["True", "False"])("reads all types, strides and views that PyTorch writes; zip format: %s", async (zip) => {
    const path = join(folder, `types-${zip}.pth`);
    python(
      `
import sys, torch
base = torch.arange(24.0)
state = {
  "float": base.reshape(2, 3, 4), "transposed": base.reshape(4, 6).t(), "view": base[5:11], "scalar": torch.tensor(7.5),
  "half": base.half()[:3], "bfloat": base.bfloat16()[:3] + 0.5, "double": base.double()[:3] / 3, "long": torch.tensor([1, -2]),
  "int": torch.tensor([3, -4], dtype=torch.int32), "byte": torch.tensor([200], dtype=torch.uint8), "bool": torch.tensor([True, False]),
  "empty": torch.zeros(0, 3), "parameter": torch.nn.Parameter(base[:2]),
}
torch.save({"epoch": 3, "model": {"module." + k: v for k, v in state.items()}, "optimizer": {"state": {}, "lr": 0.1}}, sys.argv[1],
  _use_new_zipfile_serialization=sys.argv[2] == "True")
`,
      path,
      zip,
    );

    const state = await readPytorch(readFileSync(path));

    const list = (name: string) => [...state.get(name)!.data];
    const upTo = (count: number) => Array.from({ length: count }, (_, index) => index);
    expect([...state.keys()]).toHaveLength(13);
    expect(state.get("float")!.shape).toEqual([2, 3, 4]);
    expect(list("float")).toEqual(upTo(24));
    expect(state.get("transposed")!.shape).toEqual([6, 4]);
    expect(list("transposed")).toEqual(upTo(24).map((index) => (index % 4) * 6 + Math.floor(index / 4)));
    expect(list("view")).toEqual([5, 6, 7, 8, 9, 10]);
    expect(state.get("scalar")).toEqual({ data: Float32Array.of(7.5), shape: [] });
    expect(list("half")).toEqual([0, 1, 2]);
    expect(list("bfloat")).toEqual([0.5, 1.5, 2.5]);
    expect(list("double")).toEqual([0, 1 / 3, 2 / 3]);
    expect(list("long")).toEqual([1, -2]);
    expect(list("int")).toEqual([3, -4]);
    expect(list("byte")).toEqual([200]);
    expect(list("bool")).toEqual([1, 0]);
    expect(state.get("empty")!.shape).toEqual([0, 3]);
    expect(list("parameter")).toEqual([0, 1]);
  });

  it("refuses a whole model by the name of its class", async () => {
    const path = join(folder, "whole.pt");
    python("import sys, torch; torch.save(torch.nn.Linear(2, 2), sys.argv[1])", path);

    await expect(readPytorch(path)).rejects.toThrow(
      /names torch\.nn\.modules\.linear\.Linear, which is not among what is read/,
    );
  });
});
