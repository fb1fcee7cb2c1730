#!/usr/bin/env node
import { spawn } from "node:child_process";
import { failureHint, findMpirun, launchArguments, type Mpirun, parseLaunch, usage, warnings } from "./command.js";
import { LaunchLines } from "./launchLine.js";

/** Exit code of a command that is not there, as shells have it. */
const notFound = 127;

function say(text: string): void {
  console.error(`convoy-launch: ${text}`);
}

async function launch(args: readonly string[]): Promise<void> {
  let request: ReturnType<typeof parseLaunch>;
  try {
    request = parseLaunch(args);
  } catch (error) {
    say(`${(error as Error).message}\n\n${usage}`);
    process.exitCode = 2;
    return;
  }
  let mpirun: Mpirun;
  try {
    mpirun = findMpirun(request.mpirun);
  } catch (error) {
    say((error as Error).message);
    process.exitCode = notFound;
    return;
  }
  for (const warning of warnings(mpirun.kind, request)) {
    say(warning);
  }
  const lines = await LaunchLines.open();
  const child = spawn(mpirun.path, launchArguments(mpirun.kind, request), {
    stdio: "inherit",
    env: lines.environment,
  });
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.on(signal, () => child.kill(signal));
  }
  child.on("exit", (code, signal) => {
    lines.close();
    if (lines.dead !== undefined && code !== 0) {
      say(`${lines.dead} has died, and all others were ended with it`);
    }
    if (code !== 0) {
      say(
        `${mpirun.path} ended with ${signal ?? `exit code ${code}`}${mpirun.kind === "openmpi" ? `; ${failureHint}` : ""}`,
      );
    }
    process.exitCode = code ?? 1;
  });
}

const args = process.argv.slice(2);
if (args.length === 0 || args[0] === "--help" || args[0] === "-h") {
  console.log(usage);
} else {
  await launch(args);
}
