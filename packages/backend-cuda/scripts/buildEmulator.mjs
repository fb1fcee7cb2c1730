// Builds the emulator with g++: the kernels and the emulated driver as one library, and prints its path. What is built
// already is used again. `--sanitizer=address|undefined|thread` builds with a sanitizer, `--bugs` the kernels with planted
// bugs instead of the real ones, `--runner` a program instead of a library (the thread sanitizer needs one).
// Exit status 2: no g++, or a system other than Linux, whose coroutines and memory protection the engine uses.
import { spawn, spawnSync } from "node:child_process";
import { existsSync, mkdirSync, readFileSync, renameSync, rmdirSync, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { basename, join } from "node:path";
import { hashesOf, kernelSources, packageRoot, sha256, sourcesOf } from "./sources.mjs";

const staleLockMs = 600_000;

const sanitizer = process.argv.find((argument) => argument.startsWith("--sanitizer="))?.split("=")[1];
const runner = process.argv.includes("--runner");
const bugs = process.argv.includes("--bugs");

if (process.platform !== "linux" || spawnSync("g++", ["--version"]).status !== 0) {
  process.stderr.write("no g++ found, or not Linux\n");
  process.exit(2);
}

function machineOptions() {
  const flags = existsSync("/proc/cpuinfo") ? readFileSync("/proc/cpuinfo", "utf8") : "";
  const wide = process.arch === "x64" && /\bavx2\b/.test(flags) && /\bfma\b/.test(flags) && /\bbmi2\b/.test(flags);
  return wide ? ["-march=x86-64-v3"] : [];
}

const optimize = sanitizer ? ["-O1", "-g"] : ["-O2"];
const common = ["-std=c++20", "-fPIC", "-fvisibility=hidden", ...optimize, ...machineOptions()];
// The engine must not be instrumented for the thread sanitizer: it would see the engine's accesses as the kernels'.
const kernelOptions = [
  "-DCONVOY_EMULATOR",
  "-ffp-contract=fast",
  ...(sanitizer ? [`-fsanitize=${sanitizer}`] : []),
  "-x",
  "c++",
];
const engineOptions = sanitizer === "thread" ? ["-DEMULATOR_TSAN"] : sanitizer ? [`-fsanitize=${sanitizer}`] : [];

const kernels = bugs ? ["emulator/bugs/bugs.cu"] : kernelSources().filter((file) => file.endsWith(".cu"));
const engine = [...sourcesOf("emulator", [".cpp"]), ...(runner ? ["emulator/bugs/runner.cpp"] : [])];
const sources = [...kernelSources(), ...kernels, ...engine, ...sourcesOf("emulator", [".h"])];
const options = { common, kernelOptions, engineOptions, runner, bugs };
const hash = sha256(JSON.stringify([hashesOf(sources), options])).slice(0, 16);
const folder = join(packageRoot, "emulator/build", `${hash}${sanitizer ? `-${sanitizer}` : ""}`);
const target = join(folder, runner ? "runner" : "libcuda-emulator.so");

/** @param {string[]} options */
function compile(options) {
  return new Promise((resolve, reject) => {
    const compiler = spawn("g++", options, { cwd: packageRoot, stdio: ["ignore", "ignore", "pipe"] });
    let errors = "";
    compiler.stderr.on("data", (text) => {
      errors += text;
    });
    compiler.on("close", (status) => {
      status === 0 ? resolve(undefined) : reject(new Error(`g++ ${options.join(" ")}\n${errors}`));
    });
  });
}

async function build() {
  const units = [
    ...kernels.map((file) => ({ file, options: kernelOptions })),
    ...engine.map((file) => ({ file, options: engineOptions })),
  ];
  const objects = units.map(({ file }) => join(folder, `${basename(file)}.o`));
  const queue = units.map((unit, index) => ({ ...unit, object: /** @type {string} */ (objects[index]) }));
  const work = async () => {
    for (let unit = queue.pop(); unit; unit = queue.pop()) {
      await compile([...common, ...unit.options, "-c", unit.file, "-o", unit.object]);
    }
  };
  await Promise.all(Array.from({ length: availableParallelism() }, work));
  const link = [...(runner ? [] : ["-shared"]), ...(sanitizer ? [`-fsanitize=${sanitizer}`] : [])];
  await compile([...link, ...objects, "-o", `${target}.new`, "-pthread"]);
  renameSync(`${target}.new`, target);
}

mkdirSync(folder, { recursive: true });
const lock = join(folder, "lock");
while (!existsSync(target)) {
  try {
    mkdirSync(lock);
  } catch {
    // Another process builds the same.
    if (existsSync(lock) && Date.now() - statSync(lock).mtimeMs > staleLockMs) rmdirSync(lock);
    await new Promise((resolve) => setTimeout(resolve, 100));
    continue;
  }
  try {
    if (!existsSync(target)) await build();
  } finally {
    rmdirSync(lock);
  }
}
process.stdout.write(`${target}\n`);
