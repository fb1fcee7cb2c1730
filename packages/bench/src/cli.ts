#!/usr/bin/env node
import { ConvoyError } from "@convoy/core";
import { CommanderError } from "commander";
import { checkBackends } from "./backends/backends.js";
import { parseCommandLine } from "./commandLine.js";
import { runDataCommand } from "./data/dataCommand.js";
import { runOps } from "./ops/runOps.js";
import { openInProcess } from "./participants/inProcess.js";
import { checkJsonFile, writeJsonFile } from "./report/jsonFile.js";
import { formatOpsTable } from "./report/opsTable.js";
import { TerminalWatcher } from "./report/terminal.js";
import { formatTrainingTable } from "./report/trainingTable.js";
import { loadData } from "./training/loadData.js";
import { runTraining } from "./training/runTraining.js";

async function main(): Promise<void> {
  const parsed = parseCommandLine(process.argv.slice(2));
  const { json } = parsed;
  if (json !== undefined) {
    await checkJsonFile(json);
  }
  await checkBackends(parsed.request.backends);
  const { report, table, failed } = parsed.command === "train" ? await train(parsed) : await ops(parsed);
  console.log(`\n${table}`);
  if (json !== undefined) {
    await writeJsonFile(json, report);
  }
  process.exitCode = failed ? 1 : 0;
}

interface Outcome {
  readonly report: object;
  readonly table: string;
  readonly failed: boolean;
}

async function train({
  request,
}: Extract<ReturnType<typeof parseCommandLine>, { command: "train" }>): Promise<Outcome> {
  const watcher = new TerminalWatcher(process.stdout);
  const print = (line: string): void => watcher.print(line);
  const { report, failed } = await runTraining(request, { print, watcher, open: openInProcess, load: loadData });
  return { report, table: formatTrainingTable([...report.results, ...(report.peers ?? [])]), failed };
}

async function ops({ request }: Extract<ReturnType<typeof parseCommandLine>, { command: "ops" }>): Promise<Outcome> {
  const { report, failed } = await runOps(request);
  return { report, table: report.backends.map(formatOpsTable).join("\n\n"), failed };
}

try {
  const [command, ...options] = process.argv.slice(2);
  await (command === "data" ? runDataCommand(options) : main());
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
