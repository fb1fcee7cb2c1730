// Checks the installed packages on a real card: conformance in fp32 and tf32, time of a training step, the benchmark, and
// the same network in PyTorch where python3 has it. Prints a table and writes JSON.
//
// Usage: node check.mjs [--json file] [--library libcuda.so.1] [--quick]
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { importPackage, packageFile } from "./packages.mjs";
import { startUp, stepTimes } from "./steps.mjs";

const { values: options } = parseArgs({
  options: {
    json: { type: "string", default: "gpu-check.json" },
    library: { type: "string" },
    /** Without learning curves, benchmark and PyTorch. */
    quick: { type: "boolean", default: false },
  },
});

const { cuda } = await importPackage("@convoy/backend-cuda");
const { formatMatrix, runConformance } = await importPackage("@convoy/core/conformance");
const precisions = /** @type {const} */ (["float32", "tf32"]);
const driver = options.library ? { library: options.library } : {};

/** @param {string} text */
function say(text) {
  process.stdout.write(`${text}\n`);
}

// tf32 rounds operands: there the numbers of products are off by design, and what has to hold is that chains over numbers
// that it can hold come out exactly, and that training learns.
const levels = { float32: ["smoke", "ops", "step", "curve"], tf32: ["smoke", "ops", "curve"] };
const exactInTf32 = /^(?!conv2d|matMul|runs: two batch sizes)(?!fused.*(tanh|sigmoid|, elu))/;

/** @param {"float32" | "tf32"} precision */
async function conformance(precision) {
  const started = performance.now();
  const report = await runConformance(() => cuda({ ...driver, precision }), {
    levels: options.quick ? ["smoke", "ops"] : levels[precision],
    ...(precision === "tf32" ? { only: exactInTf32 } : {}),
  });
  const failures = report.failures.map((/** @type {any} */ result) => `${result.case.name}: ${result.message}`);
  say(`\n${precision}\n${formatMatrix(report)}`);
  for (const failure of failures) say(`FAILED ${failure}`);
  return {
    passed: report.passed,
    cases: report.results.length,
    failures,
    seconds: (performance.now() - started) / 1000,
  };
}

function benchmark() {
  const command = packageFile("@convoy/bench", "dist/cli.js");
  if (!existsSync(command)) return { error: "@convoy/bench is not installed" };
  const file = `${options.json}.bench`;
  const dataset = process.env.CONVOY_DATA_DIR ? [] : ["--dataset", "synthetic"];
  const { stdout, stderr } = spawnSync(process.execPath, [command, "--backends", "cuda", ...dataset, "--json", file], {
    encoding: "utf8",
  });
  say(stdout);
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : { error: stderr };
}

function pytorch() {
  const script = join(import.meta.dirname ?? ".", "torchSteps.py");
  const { status, stdout, stderr, error } = spawnSync("python3", [script], { encoding: "utf8" });
  if (status !== 0) return { error: String(error ?? stderr.trim().split("\n").at(-1)) };
  say(stdout);
  return stdout
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line));
}

const started = await startUp(() => cuda(driver));
say(
  `${started.device}: CUDA ${started.details.cuda}, image ${started.details.image}, first step after ${started.ms.toFixed(0)} ms`,
);
const report = {
  date: new Date().toISOString(),
  ...started,
  steps: /** @type {any[]} */ ([]),
  conformance: /** @type {Record<string, any>} */ ({}),
};
for (const precision of precisions) report.conformance[precision] = await conformance(precision);
for (const precision of precisions) {
  for (const batchSize of options.quick ? [8] : [64, 1024]) {
    const times = await stepTimes(() => cuda({ ...driver, precision }), batchSize, options.quick ? 16 : 2048);
    report.steps.push({ precision, batchSize, ...times });
    say(`${precision}, batch ${batchSize}: ${times.medianUs.toFixed(1)} us a step (${times.kernels} kernels)`);
  }
}
const full = options.quick ? report : { ...report, bench: benchmark(), pytorch: pytorch() };
writeFileSync(options.json, `${JSON.stringify(full, undefined, 2)}\n`);
process.exitCode = precisions.every((precision) => report.conformance[precision].passed) ? 0 : 1;
