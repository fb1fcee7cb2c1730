// The CUDA compiler, for those who change kernels.
import { spawnSync } from "node:child_process";
import { closeSync, existsSync, mkdtempSync, openSync, readdirSync, readFileSync, realpathSync, rmSync } from "node:fs";
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
 * @param {{ input?: string, stdout?: number, path?: string }} [io] what it reads, the file that it prints to, and its PATH
 */
export function runTool(folder, tool, options, { input = "", stdout: file, path = process.env.PATH ?? "" } = {}) {
  const { status, stdout, stderr, error } = spawnSync(join(folder, tool), options, {
    cwd: packageRoot,
    env: { PATH: path },
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
 * lies: at random addresses one build in a few differs in names of registers.
 */
export function canFixAddresses() {
  return spawnSync("setarch", ["-R", "true"]).status === 0;
}

/** Characters of PATH as nvcc sees it. */
const pathLength = 2048;
/** The stack begins at multiples of so many bytes. */
const stackUnit = 16;

/** How many stacks a compilation is worth trying. */
export const attempts = 6;

/**
 * PATH with its last folder, the root, written so long that the length is always the same. The environment lies at the end of
 * the stack: a PATH of another length moves all that is on it, and the order of nvcc's optimizations with it. With 13.0 one
 * kernel, conv2dBackwardUnpoolSmallSmallFp32, comes out in one of two forms: in the other the loads of operands are 16 bytes
 * wide where 8 are used.
 * @param {number} attempt each moves the stack by one unit
 */
function pathOfFixedLength(attempt) {
  const path = `${process.env.PATH}${delimiter}`;
  return path.padEnd(Math.max(pathLength, path.length + 1) + attempt * stackUnit, "/");
}

/**
 * Compiles the kernels, as one source, to PTX that drivers from CUDA 11 on read: the same every time where addresses can be
 * fixed. Neither names of files other than the kernels nor the environment take part.
 * @param {string} folder of the toolkit
 * @param {number} [attempt] below `attempts`; others may give another form of a kernel or two
 */
export function compilePtx(folder, attempt = 0) {
  const path = pathOfFixedLength(attempt);
  const files = kernelSources().filter((file) => file.endsWith(".cu"));
  const input = files.map((file) => `#include "${file}"\n`).join("");
  const options = [...nvccOptions, "-I.", "-x", "cu", "-", "-o", "/dev/stdout"];
  const work = mkdtempSync(join(tmpdir(), "convoy-nvcc-"));
  try {
    const output = join(work, "convoy.ptx");
    const stdout = openSync(output, "w");
    canFixAddresses()
      ? runTool("", "setarch", ["-R", join(realpathSync(folder), "nvcc"), ...options], { input, stdout, path })
      : runTool(folder, "nvcc", options, { input, stdout, path });
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
