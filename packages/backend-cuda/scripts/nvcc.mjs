// The CUDA compiler, for those who change kernels.
import { spawnSync } from "node:child_process";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { delimiter, join } from "node:path";
import { packageRoot } from "./sources.mjs";

/** The version that PTX is lowered to: that of CUDA 11.0, which has all instructions used here. */
export const ptxVersion = "7.0";

/** Options that decide what comes out. */
export const nvccOptions = ["-std=c++17", "-O3", "--expt-relaxed-constexpr", "-arch=compute_80", "-ptx"];

/** Folder of nvcc and ptxas; undefined where there is no toolkit. */
export function toolkitFolder() {
  const installed = existsSync("/usr/local")
    ? readdirSync("/usr/local")
        .filter((name) => name.startsWith("cuda"))
        .sort()
        .reverse()
        .map((name) => `/usr/local/${name}/bin`)
    : [];
  const home = process.env.CUDA_HOME ? [join(process.env.CUDA_HOME, "bin")] : [];
  const candidates = [...home, ...(process.env.PATH ?? "").split(delimiter), ...installed];
  return candidates.find((folder) => existsSync(join(folder, "nvcc")) && existsSync(join(folder, "ptxas")));
}

/**
 * Runs a program of the toolkit and returns what it printed.
 * @param {string} folder
 * @param {string} tool
 * @param {string[]} options
 */
export function runTool(folder, tool, options) {
  const { status, stdout, stderr, error } = spawnSync(join(folder, tool), options, {
    cwd: packageRoot,
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) {
    throw new Error(`${tool} ${options.join(" ")} failed:\n${error ?? ""}${stdout}${stderr}`);
  }
  return `${stdout}${stderr}`;
}

/** @param {string} folder */
export function nvccRelease(folder) {
  return /release ([\d.]+)/.exec(runTool(folder, "nvcc", ["--version"]))?.[1] ?? "unknown";
}

/**
 * Compiles the kernels to PTX that drivers from CUDA 11 on read.
 * @param {string} folder of the toolkit
 * @param {string} to file
 */
export function compilePtx(folder, to) {
  runTool(folder, "nvcc", [...nvccOptions, "kernels/all.cu", "-o", to]);
  return (
    readFileSync(to, "utf8")
      // The compiler's build number and the like.
      .replace(/^\/\/.*\n/gm, "")
      .replace(/^\.version .*$/m, `.version ${ptxVersion}`)
  );
}

/**
 * What ptxas -v says of each kernel, as `96 registers, 0 bytes spilled, 30720 bytes shared`.
 * @param {string} log
 */
export function resourcesOf(log) {
  /** @type {Record<string, string>} */
  const resources = {};
  let kernel = "";
  let spilled = 0;
  for (const line of log.split("\n")) {
    kernel = /Compiling entry function '(\w+)'/.exec(line)?.[1] ?? kernel;
    const spills = /(\d+) bytes spill stores, (\d+) bytes spill loads/.exec(line);
    if (spills) spilled = Number(spills[1]) + Number(spills[2]);
    const registers = /Used (\d+) registers/.exec(line)?.[1];
    const shared = /(\d+) bytes smem/.exec(line)?.[1] ?? 0;
    if (registers) resources[kernel] = `${registers} registers, ${spilled} bytes spilled, ${shared} bytes shared`;
  }
  return resources;
}
