// Runs the kernels under the compilers' sanitizers: the planted bugs, which must be found, and with the address and the
// undefined-behaviour sanitizer the conformance kit, ops over many blocks and tiles and the gathering launches, where nothing
// may be. Node itself cannot run under the thread sanitizer. Takes minutes; needs g++ with its sanitizer libraries.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { packageRoot } from "./sources.mjs";

/** Which planted bugs a sanitizer must report, each on two OS threads. */
const planted = {
  address: ["readBehindEnd", "writeBehindShared"],
  undefined: [],
  thread: ["missingBarrier", "missingSecondBarrier", "raceInWarp", "raceBetweenBlocks"],
};

/** The sanitizers' runtimes must be in the process before Node loads the library. */
const preloaded = { address: "libasan.so", undefined: "libubsan.so" };

let failed = false;

/** @param {string} what @param {boolean} good @param {string} [output] */
function tell(what, good, output = "") {
  process.stdout.write(`${good ? "passed" : "FAILED"}  ${what}\n${good ? "" : output}`);
  failed ||= !good;
}

/** @param {string[]} options */
function build(options) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(packageRoot, "scripts/buildEmulator.mjs"), ...options],
    {
      encoding: "utf8",
    },
  );
  if (status !== 0) throw new Error(stderr);
  return stdout.trim();
}

for (const [sanitizer, kernels] of Object.entries(planted)) {
  const runner = build([`--sanitizer=${sanitizer}`, "--bugs", "--runner"]);
  const run = (/** @type {string} */ kernel) => spawnSync(runner, [kernel, "2"], { encoding: "utf8" });
  const correct = run("correct");
  tell(`${sanitizer}: correct`, correct.status === 0, correct.stderr);
  for (const kernel of kernels) {
    const { stderr } = run(kernel);
    tell(`${sanitizer}: finds ${kernel}`, /ERROR: AddressSanitizer|WARNING: ThreadSanitizer/.test(stderr), stderr);
  }
}

for (const [sanitizer, runtime] of Object.entries(preloaded)) {
  const library = build([`--sanitizer=${sanitizer}`]);
  const preload = spawnSync("g++", [`-print-file-name=${runtime}`], { encoding: "utf8" }).stdout.trim();
  const vitest = join(packageRoot, "../../node_modules/vitest/vitest.mjs");
  const only = [
    "src/conformance.test.ts",
    "src/kernels/manyBlocks.test.ts",
    "src/kernels/product/tileMoments.test.ts",
    "src/tf32.test.ts",
    "src/run/gather.test.ts",
    "--testNamePattern=^(?!.*learning curves)",
    "--testTimeout=3000000",
  ];
  const { status, stdout, stderr } = spawnSync(process.execPath, [vitest, "run", "--project=backend-cuda", ...only], {
    cwd: join(packageRoot, "../.."),
    encoding: "utf8",
    maxBuffer: 2 ** 28,
    env: {
      ...process.env,
      CONVOY_CUDA_EMULATOR: library,
      LD_PRELOAD: preload,
      // Node leaks on purpose, and its own stacks are none of ours.
      ASAN_OPTIONS: "detect_leaks=0:detect_stack_use_after_return=0",
      UBSAN_OPTIONS: "halt_on_error=1:print_stacktrace=1",
    },
  });
  tell(`${sanitizer}: conformance`, status === 0, `${stdout.slice(-4000)}${stderr.slice(-4000)}`);
}
process.exitCode = failed ? 1 : 0;
