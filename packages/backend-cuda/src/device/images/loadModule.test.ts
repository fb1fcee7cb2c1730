import { createHash } from "node:crypto";
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { brotliCompressSync } from "node:zlib";
import { BackendUnavailableError } from "@convoy/core/backend";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { findEmulator } from "../../testing/emulator.js";
import { Driver } from "../driver/driver.js";
import { loadModule } from "./loadModule.js";
import { packageFolder } from "./readImage.js";

const { library, note } = findEmulator();
const ptx = "prebuilt/convoy.ptx.br";
const manifest = "prebuilt/manifest.json";
const cubin = "cubins/convoy.sm_90.cubin.br";
const remedy = "Reinstall @convoy/backend-cuda, or in a clone run `npm run build:kernels -w packages/backend-cuda`";

describe.skipIf(library === undefined)(`kernel images on the emulator${note}`, () => {
  /** A copy of the package's images, without machine code as in a clone. */
  let folder: string;
  let driver: Driver;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), "convoy-images-"));
    mkdirSync(join(folder, "cubins"));
    cpSync(join(packageFolder, "prebuilt"), join(folder, "prebuilt"), { recursive: true });
    driver = await Driver.load(library!);
    driver.call("starting", "cuInit", 0);
    driver.call("making a context current", "cuCtxSetCurrent", driver.get("opening", "cuDevicePrimaryCtxRetain", 0));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const loaded = () => loadModule(driver, 13000, 90, folder).image;

  function failure(): string {
    try {
      loaded();
    } catch (error) {
      expect(error).toBeInstanceOf(BackendUnavailableError);
      return (error as Error).message;
    }
    throw new Error("the image was loaded");
  }

  /** Machine code that the emulator takes; the manifest names it as `content`. */
  function addCubin(content: string): void {
    writeFileSync(join(folder, cubin), brotliCompressSync("\u007fELF"));
    const images = { [cubin]: createHash("sha256").update(content).digest("hex") };
    writeFileSync(join(folder, manifest), JSON.stringify({ images }));
  }

  it("takes the assembly where there is no machine code", () => {
    expect(loaded()).toBe("ptx");
  });

  it("names every file that is missing", () => {
    rmSync(join(folder, ptx));
    expect(failure()).toBe(
      "cuda: no kernel image for compute capability 9.0 and a driver for CUDA 13.0 " +
        `(${join(folder, cubin)} does not exist; ${join(folder, ptx)} does not exist). ${remedy}`,
    );
  });

  it("says that a file cannot be decompressed", () => {
    writeFileSync(join(folder, ptx), readFileSync(join(folder, ptx)).subarray(0, 1000));
    expect(failure()).toMatch(/convoy\.ptx\.br is damaged, its 1000 bytes cannot be decompressed \(.+\)\. Reinstall/);
    writeFileSync(join(folder, ptx), "");
    expect(failure()).toMatch(/convoy\.ptx\.br is damaged, its 0 bytes cannot be decompressed \(.+\)\. Reinstall/);
  });

  it("says that a file is not the one that the manifest has", () => {
    writeFileSync(join(folder, ptx), brotliCompressSync(".version 7.0"));
    const { images } = JSON.parse(readFileSync(join(folder, manifest), "utf8")) as { images: Record<string, string> };
    expect(failure()).toMatch(
      new RegExp(
        `convoy\\.ptx\\.br is damaged or of another build: its SHA-256 is \\w{64}, .* has ${images[ptx]}\\. Rein`,
      ),
    );
  });

  it("takes machine code where it is there", () => {
    addCubin("\u007fELF");
    expect(loaded()).toBe("sm_90");
  });

  it("refuses machine code of another build", () => {
    addCubin("another build");
    expect(failure()).toMatch(/convoy\.sm_90\.cubin\.br is damaged or of another build/);
  });

  it("says that the manifest is missing, damaged, or does not have an image", () => {
    writeFileSync(join(folder, manifest), '{ "images": {} }');
    expect(failure()).toMatch(/its SHA-256 is \w{64}, prebuilt\/manifest\.json has none for it\. Reinstall/);
    writeFileSync(join(folder, manifest), '{ "nvcc"');
    expect(failure()).toMatch(/manifest\.json is damaged \(.+\)\. Reinstall/);
    writeFileSync(join(folder, manifest), "{}");
    expect(failure()).toMatch(/manifest\.json is damaged \(.+\)\. Reinstall/);
    rmSync(join(folder, manifest));
    expect(failure()).toBe(
      `cuda: ${join(folder, manifest)} does not exist, so the kernel images cannot be checked. ${remedy}`,
    );
  });

  it("says that a file cannot be read", () => {
    rmSync(join(folder, ptx));
    mkdirSync(join(folder, ptx));
    expect(failure()).toMatch(/convoy\.ptx\.br cannot be read \(EISDIR.*\)\. Correct its permissions, or reinstall/);
  });
});
