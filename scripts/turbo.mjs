// Turbo without telemetry.
import { spawnSync } from "node:child_process";
import { turbo, turboEnvironment } from "./tools.mjs";

const { status } = spawnSync(process.execPath, [turbo, ...process.argv.slice(2)], {
  stdio: "inherit",
  env: turboEnvironment,
});
process.exit(status ?? 1);
