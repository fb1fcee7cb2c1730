// The CUDA compiler, for those who change kernels.
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { kernelSources, packageRoot } from "./sources.mjs";

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
 * @param {{ input?: string, stdout?: number }} [io] what it reads, and the file that it prints to
 */
export function runTool(folder, tool, options, { input = "", stdout: file } = {}) {
  const { status, stdout, stderr, error } = spawnSync(join(folder, tool), options, {
    cwd: packageRoot,
    env: { PATH: process.env.PATH },
    input,
    stdio: ["pipe", file ?? "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status !== 0) {
    throw new Error(`${tool} ${options.join(" ")} failed:\n${error ?? ""}${stdout ?? ""}${stderr}`);
  }
  return `${stdout ?? ""}${stderr}`;
}

/** @param {string} folder */
export function nvccRelease(folder) {
  return /release ([\d.]+)/.exec(runTool(folder, "nvcc", ["--version"]))?.[1] ?? "unknown";
}

/**
 * Whether a program can be run at fixed addresses. What nvcc 13.0 numbers and in which order depends on where its memory
 * lies: at random addresses one build in a few differs in names of registers, at fixed ones still one or two of its kernels
 * now and then.
 */
export function canFixAddresses() {
  return spawnSync("setarch", ["-R", "true"]).status === 0;
}

/**
 * Compiles the kernels, as one source, to PTX that drivers from CUDA 11 on read: nearly the same every time where addresses
 * can be fixed. Neither names of files other than the kernels nor the environment take part: their length would move what lies in
 * nvcc's memory.
 * @param {string} folder of the toolkit
 */
export function compilePtx(folder) {
  const files = kernelSources().filter((file) => file.endsWith(".cu"));
  const input = files.map((file) => `#include "${file}"\n`).join("");
  const options = [...nvccOptions, "-I.", "-x", "cu", "-", "-o", "/dev/stdout"];
  const work = mkdtempSync(join(tmpdir(), "convoy-nvcc-"));
  try {
    const output = join(work, "convoy.ptx");
    const stdout = openSync(output, "w");
    canFixAddresses()
      ? runTool("", "setarch", ["-R", join(folder, "nvcc"), ...options], { input, stdout })
      : runTool(folder, "nvcc", options, { input, stdout });
    closeSync(stdout);
    return (
      readFileSync(output, "utf8")
        // The compiler's build number and the like.
        .replace(/^\/\/.*\n/gm, "")
        .replace(/^\.version .*$/m, `.version ${ptxVersion}`)
    );
  } finally {
    rmSync(work, { recursive: true });
  }
}

/**
 * What ptxas -v says of each kernel and the functions that it calls, as `96 registers, 0 bytes spilled, 30720 bytes
 * shared`.
 * @param {string} log
 */
export function resourcesOf(log) {
  /** @type {Record<string, string>} */
  const resources = {};
  for (const part of log.split("Compiling entry function '").slice(1)) {
    const kernel = part.slice(0, part.indexOf("'"));
    const spills = [...part.matchAll(/(\d+) bytes spill (?:stores|loads)/g)];
    const spilled = spills.reduce((sum, [, bytes]) => sum + Number(bytes), 0);
    const registers = /Used (\d+) registers/.exec(part)?.[1];
    const shared = /(\d+) bytes smem/.exec(part)?.[1] ?? 0;
    resources[kernel] = `${registers} registers, ${spilled} bytes spilled, ${shared} bytes shared`;
  }
  return resources;
}

/**
 * The functions of an assembly by name. Labels and local memory, which are numbered by function, stand without that number.
 * @param {string} ptx
 */
export function functionsOf(ptx) {
  const parts = ptx.split(/^(?=\.(?:visible|func|weak|extern) )/m).slice(1);
  return new Map(
    parts.map((part) => [
      /(\w+)\($/m.exec(part)?.[1] ?? part.split("\n", 1)[0] ?? "",
      part
        .replace(/\$L__BB\d+_/g, "$L__BB_")
        .replace(/__local_depot\d+/g, "__local_depot")
        .replace(/\s*(\/\/ \.globl\s+\w+)?\s*$/, ""),
    ]),
  );
}
