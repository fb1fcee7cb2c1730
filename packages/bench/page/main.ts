/** Wires the page: settings, progress, the result, a link to it. */

import { inWorker, type RunningWorker } from "@convoy/core/worker";
import { reportBody } from "../src/html/reportPage.js";
import { reportStyle } from "../src/html/style.js";
import { modelNames } from "../src/networks/models.js";
import { checkReport } from "../src/report/checkReport.js";
import type { BenchReport } from "../src/report/result.js";
import { formatVerdict } from "../src/report/rowText.js";
import type { DatasetName } from "../src/training/loadData.js";
import type { TrainingRequest } from "../src/training/trainingRequest.js";
import { fromFragment, toFragment } from "./fragment.js";
import type { functions } from "./worker.js";

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const form = element<HTMLFormElement>("settings");
const [start, stop] = [element<HTMLButtonElement>("start"), element<HTMLButtonElement>("stop")];
const [progress, status] = [element<HTMLProgressElement>("progress"), element("status")];
const [result, actions] = [element("result"), element("actions")];
let worker: RunningWorker<typeof functions> | undefined;
let shown: BenchReport | undefined;

document.head.append(Object.assign(document.createElement("style"), { textContent: reportStyle }));
const models = form.elements.namedItem("model") as HTMLSelectElement;
models.append(...modelNames.map((name) => new Option(name)));
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
stop.addEventListener("click", () => end("Stopped."));
element("share").addEventListener("click", () => void copyLink());
element("download").addEventListener("click", save);
addEventListener("hashchange", () => void showShared());
void showShared();

function say(text: string, { isError = false, quietly = false } = {}): void {
  // What changes many times a second is not read out.
  status.ariaLive = quietly ? "off" : "polite";
  status.textContent = isError ? `Error: ${text}` : text;
}

function request(): TrainingRequest {
  const values = new FormData(form);
  const model = values.get("model") as TrainingRequest["model"];
  return {
    backends: values.getAll("backend") as string[],
    peers: [],
    model,
    dataset: values.get("dataset") as DatasetName,
    batchSizes: [64],
    trainSamples: Number(values.get("samples")),
    timeLimit: 10,
    rounds: 7,
    seed: 0,
    seeds: 1,
  };
}

async function run(): Promise<void> {
  const wanted = request();
  if (wanted.backends.length === 0) {
    say("choose a backend.", { isError: true });
    return;
  }
  start.disabled = true;
  stop.disabled = false;
  progress.value = 0;
  const parts = wanted.backends.length + 1;
  let done = 0;
  worker = inWorker<typeof functions>(() => new Worker(new URL("./worker.ts", import.meta.url), { type: "module" }));
  try {
    const report = await worker.functions.run(wanted, {
      print: () => undefined,
      status(text) {
        const round = /^round (\d+) of (\d+)$/.exec(text);
        progress.value = round ? (parts - 1 + Number(round[1]) / Number(round[2])) / parts : done / parts;
        say(text === "" ? "Done." : text, { quietly: true });
      },
      row({ backend, available, reason = "", verdict }) {
        done++;
        say(available ? `${backend}: verdict ${formatVerdict(verdict)}` : reason);
      },
    });
    show(report);
    end("Done.");
  } catch (error) {
    if (worker !== undefined) {
      end((error as Error).message, true);
    }
  }
}

function end(text: string, isError = false): void {
  const ended = worker;
  worker = undefined;
  ended?.terminate();
  start.disabled = false;
  stop.disabled = true;
  progress.value = isError ? 0 : 1;
  say(text, { isError });
}

function show(report: BenchReport): void {
  shown = report;
  result.innerHTML = reportBody([report], "Result").replace("<h1>", "<h2>").replace("</h1>", "</h2>");
  actions.hidden = false;
}

function save(): void {
  const file = new Blob([JSON.stringify(shown, null, 2)], { type: "application/json" });
  const link = Object.assign(document.createElement("a"), { href: URL.createObjectURL(file), download: "bench.json" });
  link.click();
  URL.revokeObjectURL(link.href);
}

/** The address is that of the result then, whether or not the browser lets it be copied. */
async function copyLink(): Promise<void> {
  if (shown === undefined) {
    return;
  }
  history.replaceState(undefined, "", await toFragment(shown));
  try {
    await navigator.clipboard.writeText(location.href);
    say("The link is in the clipboard.");
  } catch {
    say("The link is in the address bar.");
  }
}

async function showShared(): Promise<void> {
  try {
    const report = await fromFragment(location.hash);
    if (report !== undefined) {
      show(checkReport(report, "The link") as BenchReport);
      say("A result from a link.");
    }
  } catch (error) {
    say(`this link holds no result: ${(error as Error).message}`, { isError: true });
  }
}
