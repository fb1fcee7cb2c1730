// Builds what the benchmark needs and no more, then runs it where the user is, so that paths mean what they say.
import { spawnSync } from "node:child_process";
import { join } from "node:path";
import { root, turbo, turboEnvironment } from "./tools.mjs";

const build = spawnSync(
  process.execPath,
  [turbo, "run", "build", "--filter=@convoy/bench", "--filter=@convoy/backend-*", "--output-logs=errors-only"],
  {
    cwd: root,
    env: turboEnvironment,
    encoding: "utf8",
  },
);
if (build.status !== 0) {
  process.stderr.write(`${build.stdout}${build.stderr}`);
  process.exit(build.status ?? 1);
}

const { status } = spawnSync(process.execPath, [join(root, "packages/bench/dist/cli.js"), ...process.argv.slice(2)], {
  cwd: process.env.INIT_CWD ?? process.cwd(),
  stdio: "inherit",
});
process.exit(status ?? 1);
