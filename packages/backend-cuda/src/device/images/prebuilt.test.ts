import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { brotliDecompressSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { cubinArchitectures } from "./chooseImage.js";

const root = new URL("../../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("prebuilt/manifest.json", root), "utf8")) as {
  readonly ptxVersion: string;
  readonly images: Readonly<Record<string, string>>;
  readonly sources: Readonly<Record<string, string>>;
  readonly resources: Readonly<Record<string, Readonly<Record<string, string>>>>;
};
const ptx = brotliDecompressSync(readFileSync(new URL("prebuilt/convoy.ptx.br", root)));

function sha256(content: Uint8Array): string {
  return createHash("sha256").update(content).digest("hex");
}

describe("the committed kernel image", () => {
  it("is made of the kernels as they are now; after a change run `npm run build:kernels`", () => {
    const kernels = fileURLToPath(new URL("kernels/", root));
    const sources = readdirSync(kernels)
      .sort()
      .map((name) => [`kernels/${name}`, sha256(readFileSync(`${kernels}${name}`))]);
    expect(manifest.sources).toEqual(Object.fromEntries(sources));
    expect(sha256(ptx)).toBe(manifest.images["prebuilt/convoy.ptx.br"]);
  });

  it("is assembly that drivers from CUDA 11 on read", () => {
    const text = ptx.toString("latin1");
    expect(text).toMatch(/^\.version 7\.0$/m);
    expect(text).toMatch(/^\.target sm_80$/m);
  });

  it("has every kernel that the sources export", () => {
    const exported = Object.keys(manifest.sources)
      .flatMap((file) => [...readFileSync(new URL(file, root), "utf8").matchAll(/^EXPORT_KERNEL\((\w+)\)/gm)])
      .map(([, name]) => name!);
    const built = [...ptx.toString("latin1").matchAll(/^\.visible \.entry (\w+)\(/gm)].map(([, name]) => name!);
    expect(exported.filter((name) => !built.includes(name))).toEqual([]);
    for (const architecture of cubinArchitectures) {
      expect(Object.keys(manifest.resources[`sm_${architecture}`]!).sort()).toEqual([...built].sort());
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
