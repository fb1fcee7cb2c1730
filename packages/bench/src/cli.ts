#!/usr/bin/env node
import { ConvoyError } from "@convoy/core";
import { CommanderError } from "commander";
import { checkBackends } from "./backends/backends.js";
import { parseCommandLine, type Request } from "./commandLine.js";
import { runRanksCommand } from "./ranks/ranksCommand.js";
import { runCommand } from "./runCommand.js";

async function main(): Promise<void> {
  const request: Request = parseCommandLine(process.argv.slice(2));
  if ("request" in request && "backends" in request.request) {
    await checkBackends(request.request.backends);
  }
  process.exitCode = (await runCommand(request)) ? 0 : 1;
}

try {
  const args = process.argv.slice(2);
  const byRanks = args.some((arg) => arg === "--ranks" || arg.startsWith("--ranks="));
  await (byRanks ? runRanksCommand(args) : main());
} catch (error) {
  if (error instanceof CommanderError) {
    // What was wrong, or the help asked for, is on the screen already.
    process.exitCode = error.exitCode;
  } else if (error instanceof ConvoyError) {
    process.stderr.write(`bench: ${error.message}\n`);
    process.exitCode = 1;
  } else {
    throw error;
  }
}
