import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, readFileSync, renameSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

/*
 * A GPU for tests on any Linux machine: the SwiftShader library that npm's @sparticuz/chromium carries along, a Vulkan
 * driver that computes on the CPU. Nothing has to be installed besides npm packages.
 */

/** RTLD_NOW | RTLD_NODELETE of glibc. */
const loadForGood = 0x2 | 0x1000;

/**
 * Makes Dawn find SwiftShader in this process; call it before the first `webgpu()`. With CONVOY_TEST_ADAPTER=system, and
 * where SwiftShader cannot be had, tests run on the system's own adapter. Returns what they run on, for the log.
 */
export function useSoftwareGpu(): string {
  if (process.env.CONVOY_TEST_ADAPTER === "system") {
    return "the system's adapter, as CONVOY_TEST_ADAPTER says";
  }
  if (process.platform !== "linux" || process.arch !== "x64") {
    return `the system's adapter: SwiftShader comes for Linux on x64 only, this is ${process.platform} on ${process.arch}`;
  }
  const folder = unpackSwiftShader();
  const driver = join(folder, "vk_swiftshader_icd.json");
  process.env.VK_DRIVER_FILES = driver;
  process.env.VK_ICD_FILENAMES = driver;
  keepLoaded(join(folder, "libvulkan.so.1"));
  return `SwiftShader in ${folder}`;
}

/**
 * Loads a library that is not an addon and keeps it: Dawn's own search for "libvulkan.so.1" then finds this one by its
 * name, although LD_LIBRARY_PATH is read only when a process starts.
 */
function keepLoaded(library: string): void {
  try {
    process.dlopen({ exports: {} }, library, loadForGood);
  } catch (error) {
    if (!String(error).includes("did not self-register")) {
      throw error;
    }
  }
}

/** Unpacks the driver into node_modules/.cache, once for all processes. */
export function unpackSwiftShader(): string {
  const require = createRequire(import.meta.url);
  // The package exports no package.json; its entry is build/esm/index.js or the like.
  const root = packageRoot(require.resolve("@sparticuz/chromium"));
  const { version } = JSON.parse(readFileSync(join(root, "package.json"), "utf8")) as { version: string };
  const cache = join(root, "../../.cache");
  const folder = join(cache, `swiftshader-${version}`);
  if (!existsSync(folder)) {
    mkdirSync(cache, { recursive: true });
    const fresh = mkdtempSync(`${folder}-`);
    const tar = brotliDecompressSync(readFileSync(join(root, "bin/swiftshader.tar.br")));
    const { status, stderr } = spawnSync("tar", ["-x", "-C", fresh], { input: tar, encoding: "utf8" });
    if (status !== 0) {
      throw new Error(`unpacking SwiftShader of @sparticuz/chromium ${version} failed: ${stderr}`);
    }
    try {
      renameSync(fresh, folder);
    } catch {
      // Another process was faster.
      rmSync(fresh, { recursive: true });
    }
  }
  return folder;
}

function packageRoot(file: string): string {
  let folder = dirname(file);
  while (!existsSync(join(folder, "bin/swiftshader.tar.br"))) {
    if (folder === dirname(folder)) {
      throw new Error(`no bin/swiftshader.tar.br above ${file}: @sparticuz/chromium has changed`);
    }
    folder = dirname(folder);
  }
  return folder;
}
