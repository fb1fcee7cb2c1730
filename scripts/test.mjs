// Runs every check and every test, goes on after a failure, and closes with one line of counts.
// `--long` runs the slow tests (*.long.test.ts) instead; other arguments go to vitest.
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { biome, dependencyCruiser, root, turbo, turboEnvironment, vitest } from "./tools.mjs";

const vitestArguments = process.argv.slice(2).filter((argument) => argument !== "--long");
const long = process.argv.includes("--long");

const count = { passed: 0, failed: 0, skipped: 0 };

/**
 * One check, silent unless it fails.
 * @param {string} title
 * @param {string[]} command what node runs
 */
function check(title, command) {
  process.stdout.write(`== ${title}\n`);
  const { status, stdout, stderr } = spawnSync(process.execPath, command, {
    cwd: root,
    env: turboEnvironment,
    stdio: ["ignore", "pipe", "pipe"],
    encoding: "utf8",
    maxBuffer: 2 ** 28,
  });
  if (status === 0) {
    count.passed++;
  } else {
    count.failed++;
    process.stdout.write(`${stdout}${stderr}FAILED: ${title}\n`);
  }
}

function runTests() {
  process.stdout.write(`== tests${long ? ", the slow ones" : ""} (vitest)\n`);
  const folder = mkdtempSync(join(tmpdir(), "convoy-tests-"));
  const reportFile = join(folder, "report.json");
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${reportFile}`];
  const mode = long ? ["--mode", "long"] : [];
  const { status } = spawnSync(process.execPath, [vitest, "run", ...mode, ...reporters, ...vitestArguments], {
    cwd: root,
    stdio: ["ignore", "inherit", "inherit"],
  });
  let ran = 0;
  let failed = 0;
  try {
    const report = JSON.parse(readFileSync(reportFile, "utf8"));
    ran = report.numPassedTests + report.numFailedTests;
    failed = report.numFailedTests;
    // A file that cannot be loaded has no tests to fail.
    for (const file of report.testResults) {
      if (file.status === "failed" && file.assertionResults.length === 0) failed++;
    }
    count.passed += report.numPassedTests;
    count.skipped += report.numPendingTests + report.numTodoTests;
  } catch (error) {
    process.stdout.write(`vitest left no report: ${error}\n`);
  }
  rmSync(folder, { recursive: true });
  if (ran === 0) process.stdout.write("FAILED: no tests ran\n");
  // Errors outside any test show only in the exit status.
  if (failed === 0 && (status !== 0 || ran === 0)) failed = 1;
  count.failed += failed;
}

if (!long) {
  check("format and lint (biome)", [biome, "check", "--error-on-warnings", "."]);
  check("import directions (dependency-cruiser)", [dependencyCruiser, "."]);
}
check("build (turbo)", [turbo, "run", "build", "--output-logs=errors-only"]);
if (!long) {
  check("types (turbo)", [turbo, "run", "typecheck", "typecheck:root", "--continue", "--output-logs=errors-only"]);
  check("packages as published (publint, attw)", [join(root, "scripts/check-packages.mjs")]);
}
runTests();

const skipped = count.skipped > 0 ? `, ${count.skipped} skipped` : "";
process.stdout.write(`${count.passed} passed, ${count.failed} failed${skipped}\n`);
process.exitCode = count.failed > 0 ? 1 : 0;
