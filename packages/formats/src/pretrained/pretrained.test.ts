import { createHash } from "node:crypto";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { wasm } from "@convoy/backend-wasm";
import {
  type Backend,
  applications as core,
  DatasetError,
  type Layer,
  layers,
  type Model,
  sequential,
} from "@convoy/core";
import { publishedFile } from "@convoy/core/datasets";
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from "vitest";
import { writeKerasWeights } from "../keras/index.js";
import { writeSafetensors } from "../torch/safetensors.js";
import { toStateDict } from "../torch/stateDict.js";
import * as applications from "./applications.js";
import { extractFeatures } from "./extractFeatures.js";

const dataFolder = process.env.CONVOY_DATA_DIR ?? "";
const pretrained = join(dataFolder, "pretrained");
const reasonToSkip = existsSync(pretrained)
  ? undefined
  : "CONVOY_DATA_DIR names no folder with trained weights (pretrained/)";
if (reasonToSkip !== undefined) {
  console.log(`Published weights: skipped, ${reasonToSkip}`);
}

let backend: Backend;
let cache: string;

beforeAll(async () => {
  backend = await wasm();
});

afterAll(async () => {
  await backend.dispose();
});

beforeEach(() => {
  cache = mkdtempSync(join(tmpdir(), "convoy-pretrained-"));
  vi.stubEnv("CONVOY_CACHE_DIR", cache);
  vi.stubEnv("CONVOY_DATA_DIR", "");
});

afterEach(() => {
  vi.unstubAllEnvs();
  rmSync(cache, { recursive: true, force: true });
});

async function fingerprint(model: Model): Promise<string> {
  const hash = createHash("sha256");
  for (const { data } of await model.getWeights()) {
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return hash.digest("hex");
}

/** What timm calls the layers of resnet18. */
function timmName(layer: string): string {
  return layer
    .replace("predictions", "fc")
    .replace(/^conv1_(conv|bn)$/, "$11")
    .replace(
      /^conv(\d)_block(\d)_0_(conv|bn)$/,
      (_, stage, block, kind) => `layer${stage - 1}.${block - 1}.downsample.${kind === "conv" ? 0 : 1}`,
    )
    .replace(
      /^conv(\d)_block(\d)_(\d)_(conv|bn)$/,
      (_, stage, block, part, kind) => `layer${stage - 1}.${block - 1}.${kind}${part}`,
    );
}

describe.skipIf(reasonToSkip !== undefined)("published weights", () => {
  it("reads MobileNetV2 from TensorFlow.js' files: its statistics are those of a trained network", async () => {
    const model = await applications.mobileNetV2({
      includeTop: false,
      inputShape: [96, 96, 3],
      weights: join(pretrained, "mobilenetv2-imagenet"),
    });

    const names = model.layers.map(({ name }) => name);
    expect(names).toContain("block_16_project_BN");
    const [, , mean, variance] = await model.getLayer("Conv_1_bn").getWeights();
    expect(mean!.data.some((value) => value !== 0)).toBe(true);
    expect(variance!.data.every((value) => value > 0 && value !== 1)).toBe(true);
    model.compile({ backend });
    const images = {
      data: new Float32Array(2 * 96 * 96 * 3).map((_, index) => Math.sin(index)),
      shape: [2, 96, 96, 3],
    };
    const { data, shape } = await model.predict(images);
    expect(shape).toEqual([2, 3, 3, 1280]);
    // Rectified at 6, and alive: neither all zeros nor all at the bound.
    const active = data.filter((value) => value > 0).length / data.length;
    expect(active).toBeGreaterThan(0.02);
    expect(active).toBeLessThan(0.9);
    model.dispose();
  });

  it("reads SqueezeNet 1.1 from its h5 file", async () => {
    const path = join(pretrained, "squeezenet-imagenet", "squeezenet_weights_tf_dim_ordering_tf_kernels_notop.h5");
    const options = { includeTop: false, inputShape: [64, 64, 3] };

    const model = await applications.squeezeNet({ ...options, weights: path });

    expect(await fingerprint(model)).not.toBe(await fingerprint(core.squeezeNet(options)));
    expect(model.layers).toHaveLength(core.squeezeNet(options).layers.length);
  });
});

describe("applications with weights", () => {
  const options = { inputShape: [32, 32, 3], classes: 4, alpha: 0.35 } as const;

  it("gives a model at once without weights, the same as core's", async () => {
    expect(await fingerprint(applications.mobileNetV2({ ...options, seed: 2 }))).toBe(
      await fingerprint(core.mobileNetV2({ ...options, seed: 2 })),
    );
  });

  it("loads Keras' weights and safetensors from bytes", async () => {
    const trained = core.lenet5({ seed: 5 });
    const wanted = await fingerprint(trained);

    expect(await fingerprint(await applications.lenet5({ weights: await writeKerasWeights(trained) }))).toBe(wanted);
    const state = writeSafetensors(await toStateDict(trained));
    expect(await fingerprint(await applications.lenet5({ weights: state }))).toBe(wanted);
  });

  it("takes resnet18 from timm's file as it lies in a folder, with the classifier or without", async () => {
    const trained = core.resnet18({ seed: 3 });
    const state = await toStateDict(trained, { names: timmName });
    const folder = join(cache, "data");
    mkdirSync(join(folder, "pretrained", "resnet18.a1_in1k"), { recursive: true });
    writeFileSync(join(folder, "pretrained", "resnet18.a1_in1k", "model.safetensors"), writeSafetensors(state));
    const download = { dataDir: folder, download: false } as const;

    const bare = await applications.resnet18({ weights: "imagenet", includeTop: false, download });

    const [kernel] = await bare.getLayer("conv5_block2_2_conv").getWeights();
    const [wanted] = await trained.getLayer("conv5_block2_2_conv").getWeights();
    expect(Buffer.compare(Buffer.from(kernel!.data.buffer), Buffer.from(wanted!.data.buffer))).toBe(0);
  }, 60_000);

  it("takes mobileNetV4ConvSmall from timm's file, whose modules have the names of its layers", async () => {
    const trained = core.mobileNetV4ConvSmall({ seed: 3 });
    const state = await toStateDict(trained);
    const shapeOf = (name: string) => state.get(name)?.shape;
    expect(shapeOf("conv_stem.weight")).toEqual([32, 3, 3, 3]);
    expect(shapeOf("blocks.0.1.bn1.running_var")).toEqual([32]);
    expect(shapeOf("blocks.2.0.dw_start.conv.weight")).toEqual([64, 1, 5, 5]);
    expect(shapeOf("blocks.2.5.pw_proj.conv.weight")).toEqual([96, 384, 1, 1]);
    expect(shapeOf("blocks.3.0.dw_mid.bn.weight")).toEqual([576]);
    expect(shapeOf("conv_head.weight")).toEqual([1280, 960, 1, 1]);
    expect(shapeOf("classifier.weight")).toEqual([1000, 1280]);
    const folder = join(cache, "data");
    const own = join(folder, "pretrained", "mobilenetv4_conv_small.e2400_r224_in1k");
    mkdirSync(own, { recursive: true });
    writeFileSync(join(own, "model.safetensors"), writeSafetensors(state));
    const download = { dataDir: folder, download: false } as const;

    const whole = await applications.mobileNetV4ConvSmall({ weights: "imagenet", download });
    expect(await fingerprint(whole)).toBe(await fingerprint(trained));
    const bare = await applications.mobileNetV4ConvSmall({ weights: "imagenet", includeTop: false, download });
    const [kernel] = await bare.getLayer("blocks.4.0.conv").getWeights();
    expect(kernel!.data).toEqual((await trained.getLayer("blocks.4.0.conv").getWeights())[0]!.data);
  }, 60_000);

  it("says which file to put where without a network", async () => {
    const download = { download: false, verbose: 0 } as const;
    const make = applications.vgg16({ includeTop: false, weights: "imagenet", download });

    await expect(make).rejects.toThrow(DatasetError);
    await expect(make).rejects.toThrow(
      /Put vgg16_weights_tf_dim_ordering_tf_kernels_notop\.h5 into the folder pretrained of a folder that CONVOY_DATA_DIR names/,
    );
    await expect(
      applications.decodePredictions({ data: new Float32Array(1000), shape: [1, 1000] }, { download }),
    ).rejects.toThrow(/imagenet_class_index\.json is not here/);
  });

  it.each([
    ["another number of classes", () => applications.vgg16({ weights: "imagenet", classes: 10 }), /1000 classes/],
    [
      "grey images",
      () => applications.resnet50({ weights: "imagenet", includeTop: false, inputShape: [64, 64, 1] }),
      /3 channels/,
    ],
    [
      "a width that is not published",
      () => applications.mobileNetV2({ weights: "imagenet", alpha: 0.4 }),
      /no weights trained on ImageNet/,
    ],
    [
      "a network that nobody publishes",
      () => applications.lenet5({ weights: "imagenet" }),
      /no weights trained on ImageNet/,
    ],
  ])("refuses imagenet for %s", async (_, make, message) => {
    await expect(make()).rejects.toThrow(message);
  });

  it("is named by the error of core's functions", () => {
    expect(() => core.vgg16({ weights: "imagenet" } as never)).toThrow(
      /import \{ applications \} from "@convoy\/formats"/,
    );
    expect(core.lenet5({ weights: null }).name).toBe(core.lenet5().name);
  });
});

describe("publishedFile", () => {
  const content = Uint8Array.from({ length: 200_000 }, (_, index) => (index * 31) % 251);
  const file = {
    title: "Toy",
    folder: "pretrained",
    name: "toy.h5",
    mirrors: [] as string[],
    digest: { algorithm: "md5", value: createHash("md5").update(content).digest("hex") },
  } as const;
  let server: Server;
  let ranges: (string | undefined)[];
  let broken: boolean;

  beforeEach(async () => {
    [ranges, broken] = [[], true];
    server = createServer((request, response) => {
      const { range } = request.headers;
      ranges.push(range);
      const start = range === undefined ? 0 : Number(/bytes=(\d+)-/.exec(range)?.[1]);
      const headers = { "content-length": content.length - start, etag: '"toy"' };
      response.writeHead(
        start === 0 ? 200 : 206,
        start === 0
          ? headers
          : { ...headers, "content-range": `bytes ${start}-${content.length - 1}/${content.length}` },
      );
      if (broken) {
        broken = false;
        response.write(content.subarray(start, 90_000), () => response.destroy());
        return;
      }
      response.end(content.subarray(start));
    });
    await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  });

  afterEach(() => {
    server.close();
  });

  const address = (): string => `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;

  it("resumes a broken download where it broke, checks the digest and keeps the file", async () => {
    const options = { verbose: 0, retryDelayMs: 1, mirrors: [address()] } as const;

    const { bytes } = await publishedFile(file, options);

    expect(Buffer.compare(bytes, content)).toBe(0);
    expect(ranges).toHaveLength(2);
    expect(ranges[1]).toMatch(/^bytes=[1-9]\d*-$/);
    const again = await publishedFile(file, { ...options, download: false });
    expect(again.source).toContain("toy.h5");
    expect(readFileSync(join(cache, "datasets", "pretrained", "toy.h5"))).toHaveLength(content.length);
  });

  it("refuses a file that is not what was published", async () => {
    broken = false;
    const digest = { algorithm: "md5", value: "0".repeat(32) } as const;

    await expect(
      publishedFile({ ...file, digest }, { verbose: 0, retryDelayMs: 1, mirrors: [address()] }),
    ).rejects.toThrow(/not the published toy\.h5 of Toy: md5/);
  });
});

describe("preprocessInput", () => {
  const image = { data: Uint8Array.of(255, 0, 127), shape: [1, 1, 1, 3] };

  it.each([
    ["mobileNetV2", [1, -1, -0.003921568627450966]],
    ["vgg16", [127 - 103.939, 0 - 116.779, 255 - 123.68]],
    ["denseNet121", [(1 - 0.485) / 0.229, -0.456 / 0.224, (127 / 255 - 0.406) / 0.225]],
  ] as const)("scales as %s wants it", (network, expected) => {
    const { data } = applications.preprocessInput(network, image);

    expected.forEach((value, index) => {
      expect(data[index]).toBeCloseTo(value, 4);
    });
  });
});

describe("extractFeatures", () => {
  const images = {
    data: Float32Array.from({ length: 40 * 64 }, (_, index) => Math.sin(index * index)),
    shape: [40, 8, 8, 1],
  };
  const labels = Int32Array.from({ length: 40 }, (_, index) => index % 2);
  const whole = (...before: Layer[]): Model => {
    const base = sequential([
      layers.input({ shape: [8, 8, 1] }),
      layers.conv2d({ filters: 3, kernelSize: 3 }),
      layers.batchNormalization(),
      layers.flatten(),
    ]);
    base.trainable = false;
    return sequential([
      layers.input({ shape: [8, 8, 1] }),
      ...before,
      base,
      layers.dense({ units: 2, activation: "softmax" }),
    ]);
  };
  const frozen = (): Model => {
    const made = whole();
    made.trainable = false;
    return made;
  };
  const settings = () => ({ backend, optimizer: "sgd", loss: "sparseCategoricalCrossentropy" }) as const;

  it("trains the head to the same weights as training the whole model does", async () => {
    const [slow, fast] = [whole(), whole()];
    const fit = { epochs: 3, batchSize: 8, verbose: 0, seed: 4 } as const;
    slow.compile(settings());
    await slow.fit(images, labels, fit);

    const { features, head } = await extractFeatures(fast, images, { backend });
    head.compile(settings());
    await head.fit(features, labels, fit);

    expect(features.shape).toEqual([40, 108]);
    const [wanted, found] = [await slow.getWeights(), await fast.getWeights()];
    wanted.forEach(({ data }, index) => {
      data.forEach((value, at) => {
        expect(Math.abs(value - found[index]!.data[at]!)).toBeLessThan(1e-5);
      });
    });
    // The layers are shared: the whole model predicts with what the head learnt.
    fast.compile(settings());
    const [alone, together] = [await head.predict(features), await fast.predict(images)];
    together.data.forEach((value, index) => {
      expect(Math.abs(value - alone.data[index]!)).toBeLessThan(1e-5);
    });
    for (const model of [slow, fast, head]) {
      model.dispose();
    }
  });

  it.each([
    ["random layers before the head", () => whole(layers.dropout({ rate: 0.5 })), /acts at random in training/],
    [
      "nothing frozen",
      () =>
        sequential([
          layers.input({ shape: [8, 8, 1] }),
          layers.conv2d({ filters: 1, kernelSize: 8 }),
          layers.flatten(),
        ]),
      /freeze the base/,
    ],
    ["nothing to train", frozen, /no layer of the model trains/],
  ])("refuses a model with %s", async (_, make, message) => {
    await expect(extractFeatures(make(), images, { backend })).rejects.toThrow(message);
  });
});
