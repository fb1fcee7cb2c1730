import type { Backend } from "@convoy/core";
import { syntheticDigits } from "@convoy/core/datasets";
import type { Request } from "./commandLine.js";
import { compareReports, formatComparison, isAsFast } from "./compare/compareReports.js";
import { compareRevisions } from "./compare/compareRevisions.js";
import { runData } from "./data/dataCommand.js";
import { runDevices } from "./devices/runDevices.js";
import { type AnyReport, reportPage } from "./html/reportPage.js";
import { runOps } from "./ops/runOps.js";
import { openInProcess } from "./participants/inProcess.js";
import { formatGrid } from "./report/gridTable.js";
import { reportMarkdown } from "./report/markdown.js";
import { formatMoves } from "./report/movesTable.js";
import { formatOpsTable } from "./report/opsTable.js";
import { checkOutput, writeOutput } from "./report/outputFile.js";
import { readReport } from "./report/readReport.js";
import { TerminalWatcher } from "./report/terminal.js";
import { formatTrainingTable } from "./report/trainingTable.js";
import { servePage } from "./serve/servePage.js";
import { thisMachine } from "./thisMachine.js";
import { loadData } from "./training/loadData.js";
import { runTraining } from "./training/runTraining.js";

/** Does what the command line asks for. False where something failed, is wrong or slower. */
export async function runCommand(request: Request): Promise<boolean> {
  switch (request.command) {
    case "train":
    case "ops":
      return await measure(request);
    case "devices":
      return await runDevices(request.backends, console.log, openDevice);
    case "compare": {
      const [before, after] = request.files;
      const comparison = compareReports(await readReport(before), await readReport(after));
      console.log(formatComparison(comparison));
      return isAsFast(comparison);
    }
    case "revisions": {
      const watcher = new TerminalWatcher(process.stdout);
      const { request: asked } = request;
      return await compareRevisions(
        asked,
        (line) => watcher.print(line),
        (text) => watcher.status(text),
      );
    }
    case "data":
      await runData(request.request);
      return true;
    case "serve": {
      const { url } = await servePage(request.port);
      console.log(`${url}\nCtrl+C ends it.`);
      return true;
    }
    case "report":
      await writeReports(request);
      return true;
  }
}

/** Opens a backend in a process of its own, where its libraries may write what they like. */
async function openDevice(choice: string): Promise<Pick<Backend, "device" | "dispose">> {
  const digit = syntheticDigits({ samples: 1 });
  const workload = { model: "simple", dataset: "synthetic", train: digit, test: digit, batchSize: 1, seed: 0 } as const;
  const participant = await openInProcess({ kind: "backend", choice }, workload);
  return { device: { name: participant.device, details: participant.details }, dispose: () => participant.close() };
}

async function measure(request: Extract<Request, { readonly command: "train" | "ops" }>): Promise<boolean> {
  const { json, html } = request;
  // Known before anything is measured.
  await checkOutput("--json", json);
  await checkOutput("--html", html);
  const watcher = new TerminalWatcher(process.stdout);
  const print = (line: string): void => watcher.print(line);
  let report: AnyReport;
  let failed: boolean;
  if (request.command === "train") {
    const tools = { machine: thisMachine(), print, watcher, open: openInProcess, load: loadData };
    ({ report, failed } = await runTraining(request.request, tools));
    print(`\n${formatTrainingTable([...report.results, ...(report.peers ?? [])])}`);
  } else {
    const measured = request.request.memory ? "ops" : "convolutions";
    const onCell = (done: number, of: number): void => watcher.status(`${done} of ${of} ${measured}`);
    ({ report, failed } = await runOps(request.request, print, undefined, onCell));
    watcher.status("");
    const colours = process.stdout.isTTY === true && process.env.NO_COLOR === undefined;
    const table = report.backends.map((each) => {
      if (each.moves !== undefined) {
        return formatMoves(each);
      }
      return each.grid === undefined ? formatOpsTable(each) : formatGrid(each, colours);
    });
    print(`\n${table.join("\n\n")}`);
  }
  await writeOutput(json, `${JSON.stringify(report, null, 2)}\n`);
  await writeOutput(html, reportPage([report]));
  return !failed;
}

async function writeReports({ files, html, markdown }: Extract<Request, { command: "report" }>): Promise<void> {
  await checkOutput("--html", html);
  await checkOutput("--markdown", markdown);
  const reports: AnyReport[] = [];
  for (const file of files) {
    reports.push(await readReport(file));
  }
  await writeOutput(html, reportPage(reports));
  await writeOutput(markdown, reportMarkdown(reports));
  console.log([html, markdown].filter((file) => file !== undefined).join("\n"));
}
