/** Wires the page: settings, progress, the curve, the drawing and its prediction. */

import { inWorker } from "@convoy/core/worker";
import { Drawing } from "./drawing.js";
import { LossChart } from "./lossChart.js";
import type { functions, Settings } from "./train.js";
import { whyNoWebGpu } from "./webgpuSupport.js";

function element<T extends HTMLElement>(id: string): T {
  return document.getElementById(id) as T;
}

const form = element<HTMLFormElement>("settings");
const [start, stop] = [element<HTMLButtonElement>("start"), element<HTMLButtonElement>("stop")];
const progress = element<HTMLProgressElement>("progress");
const status = element("status");
const answer = element("answer");
const bars = element("probabilities");
const backendNames: Readonly<Record<string, string>> = { webgpu: "WebGPU", wasm: "WASM" };
const notes = new Set<string>();
const chart = new LossChart(element("chart"));
/** Training and predictions, in a thread of their own. */
const worker = inWorker<typeof functions>(() => new Worker(new URL("./train.ts", import.meta.url), { type: "module" }));
let isTrained = false;
/** Drawings that came while one was being judged: only the last of them matters. */
let judging = false;
let again = false;

const drawing = new Drawing(element("drawing"), () => void predict());
element("clear").addEventListener("click", () => drawing.clear());
stop.addEventListener("click", () => void worker.functions.stop());
form.addEventListener("submit", (event) => {
  event.preventDefault();
  void run();
});
const offered = offerBackends();

/** Without WebGPU it cannot be chosen, and the page says so. */
async function offerBackends(): Promise<void> {
  const reason = await whyNoWebGpu();
  if (reason !== undefined) {
    const choice = form.elements.namedItem("backend") as HTMLSelectElement;
    choice.value = "best";
    choice.querySelector<HTMLOptionElement>("[value=webgpu]")!.disabled = true;
    note(`No WebGPU here: ${reason}. Training runs on the processor, in WASM.`);
  }
}

/** Tells, once, what a reader of the page should know of its backends. */
function note(text: string): void {
  notes.add(text);
  const place = element("backend-note");
  place.textContent = [...notes].join(" ");
  place.hidden = false;
}

/** Shows how things stand. What changes many times a second is not read out. */
function say(text: string, { isError = false, quietly = false } = {}): void {
  status.ariaLive = quietly ? "off" : "polite";
  status.textContent = text;
  status.classList.toggle("error", isError);
}

function settings(): Settings {
  const values = new FormData(form);
  return {
    backend: values.get("backend") as Settings["backend"],
    data: values.get("data") as Settings["data"],
    samples: Number(values.get("samples")),
    epochs: Number(values.get("epochs")),
  };
}

async function run(): Promise<void> {
  start.disabled = true;
  stop.disabled = false;
  isTrained = false;
  progress.value = 0;
  chart.begin();
  await offered;
  try {
    const begin = performance.now();
    const {
      accuracy,
      backend,
      device,
      notes: told,
    } = await worker.functions.train(settings(), {
      status: (text) => say(text),
      progress({ epoch, loss, accuracy: share, stepLosses, stepMs, share: done }) {
        progress.value = done;
        chart.add(stepLosses, done);
        say(
          `Epoch ${epoch + 1}: loss ${loss.toFixed(3)}, accuracy ${percent(share)}, ` +
            `${stepMs.toFixed(stepMs < 10 ? 1 : 0)} ms a step`,
          { quietly: true },
        );
      },
    });
    const seconds = (performance.now() - begin) / 1000;
    isTrained = true;
    told.forEach(note);
    say(
      `Done in ${seconds.toFixed(1)} s on ${backendNames[backend]} (${device}): ` +
        `${percent(accuracy)} of new digits read right.`,
    );
    await predict();
  } catch (error) {
    say((error as Error).message, { isError: true });
  } finally {
    start.disabled = false;
    stop.disabled = true;
  }
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)}%`;
}

async function predict(): Promise<void> {
  if (judging) {
    again = true;
    return;
  }
  judging = true;
  try {
    do {
      again = false;
      await judge();
    } while (again);
  } catch (error) {
    answer.textContent = (error as Error).message;
  } finally {
    judging = false;
  }
}

async function judge(): Promise<void> {
  const image = drawing.image();
  if (!isTrained || image === undefined) {
    answer.textContent = isTrained ? "Draw a digit." : "Train first, then draw.";
    bars.replaceChildren();
    return;
  }
  const probabilities = [...((await worker.functions.predict(image)) ?? [])];
  const best = probabilities.indexOf(Math.max(...probabilities));
  answer.textContent = `This is a ${best} (${percent(probabilities[best]!)})`;
  bars.replaceChildren(...probabilities.map((share, digit) => bar(digit, share, digit === best)));
}

function bar(digit: number, share: number, isBest: boolean): HTMLElement {
  const row = document.createElement("li");
  row.classList.toggle("best", isBest);
  const [name, track, fill, number] = ["span", "span", "span", "span"].map((tag) => document.createElement(tag));
  name!.textContent = String(digit);
  track!.className = "bar";
  fill!.style.width = percent(share);
  track!.append(fill!);
  number!.className = "share";
  number!.textContent = percent(share);
  row.append(name!, track!, number!);
  return row;
}
