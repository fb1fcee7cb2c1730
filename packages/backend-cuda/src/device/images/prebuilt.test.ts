import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { brotliDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { type ImageState, imageState, staleness } from "../../testing/imageState.js";
import { cubinArchitectures } from "./chooseImage.js";

const root = new URL("../../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("prebuilt/manifest.json", root), "utf8")) as {
  readonly images: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, Readonly<Record<string, string>>>>;
};
const ptx = brotliDecompressSync(readFileSync(new URL("prebuilt/convoy.ptx.br", root)));
const text = ptx.toString("latin1");
const { failure, skip: skipReason } = staleness(imageState());
if (skipReason !== undefined) {
  console.warn(`skipped: ${skipReason}`);
}

describe("the committed kernel image", () => {
  it("is the one that the manifest names", () => {
    expect(createHash("sha256").update(ptx).digest("hex")).toBe(manifest.images["prebuilt/convoy.ptx.br"]);
  });

  it("is built from the kernels as they are now", ({ skip }) => {
    skip(skipReason !== undefined, skipReason);
    expect(failure).toBeUndefined();
  });

  it("has every kernel that the sources export", ({ skip }) => {
    skip(skipReason !== undefined, skipReason);
    const exported = Object.keys(manifest.sources)
      .flatMap((file) => [...readFileSync(new URL(file, root), "utf8").matchAll(/^EXPORT_KERNEL\((\w+)\)/gm)])
      .map(([, name]) => name!);
    expect(exported.length).toBeGreaterThan(20);
    expect(exported.filter((name) => !built().includes(name))).toEqual([]);
  });

  it("is assembly that drivers from CUDA 11 on read", () => {
    expect(text).toMatch(/^\.version 7\.0$/m);
    expect(text).toMatch(/^\.target sm_80$/m);
  });

  it("has the same kernels for every architecture", () => {
    for (const architecture of cubinArchitectures) {
      expect(Object.keys(manifest.resources[`sm_${architecture}`]!).sort()).toEqual(built().sort());
    }
  });

  it("keeps all values in registers on every architecture", () => {
    const spills = Object.entries(manifest.resources).flatMap(([architecture, kernels]) =>
      Object.entries(kernels)
        .filter(([, resources]) => !resources.includes(" 0 bytes spilled"))
        .map(([kernel, resources]) => `${kernel} on ${architecture}: ${resources}`),
    );
    expect(spills).toEqual([]);
  });
});

/** Names of the kernels in the image. */
function built(): string[] {
  return [...text.matchAll(/^\.visible \.entry (\w+)\(/gm)].map(([, name]) => name!);
}

describe("a stale image", () => {
  const changed: ImageState = { changed: ["kernels/add.cu"] };

  it("is a failure where the toolkit can rebuild it", () => {
    expect(staleness({ ...changed, toolkit: "/opt/cuda/bin" })).toEqual({
      failure:
        "the CUDA kernel image is stale: kernels/add.cu changed since it was built. Run `npm run build:kernels -w " +
        "packages/backend-cuda` (nvcc is in /opt/cuda/bin) and commit prebuilt/",
    });
  });

  it("is a reason to skip where there is no toolkit", () => {
    expect(staleness(changed)).toEqual({
      skip:
        "the CUDA kernel image is stale: kernels/add.cu changed since it was built. There is no CUDA toolkit here; on a " +
        "machine with one, `npm run build:kernels -w packages/backend-cuda` rebuilds it",
    });
  });

  it("is neither where no source has changed", () => {
    expect(staleness({ changed: [], toolkit: "/opt/cuda/bin" })).toEqual({});
  });
});
