import { expect, it } from "vitest";
import { reportMarkdown } from "../report/markdown.js";
import { someOpsReport, someReport } from "../testing/reports.js";
import { reportPage } from "./reportPage.js";

it("shows everything that reports have, in one file that loads nothing", () => {
  const page = reportPage([someReport(), someReport(), someOpsReport()]);
  for (const heading of [
    ...["Machines", "Results", "Speed", "First losses", "Accuracy over time", "Scaling", "Memory", "Ops of wasm"],
  ]) {
    expect(page).toContain(`<h2>${heading}</h2>`);
  }
  expect(page).toContain("pytorch, batch 64, machine 2");
  expect(page).toContain("no NVIDIA driver. Install the driver");
  expect(page).not.toMatch(/(src|href)="(?!data:,)|url\(|@import|<script/);
  expect(page.match(/NaN|undefined|Infinity/)).toBeNull();
});

it("leaves out what was not measured, and names no machine where there is one", () => {
  const [row] = someReport().results;
  const { timeToAccuracy: _, ...plain } = row!;
  const page = reportPage([{ ...someReport(), results: [plain], peers: [] }]);
  expect(page).not.toContain("<h2>Scaling</h2>");
  expect(page).not.toContain("<h2>Accuracy over time</h2>");
  expect(page).not.toContain("wasm, machine 1");
});

it("says why an accuracy is not judged, on the page and in Markdown", () => {
  const [row, ...others] = someReport().results;
  const verdict = { lossesAgree: true, accuracyReached: null, accuracyNotJudged: "none is stated" };
  const report = { ...someReport(), results: [{ ...row!, verdict }, ...others] };
  expect(reportPage([report])).toContain("<td>accuracy not judged: none is stated</td>");
  expect(reportMarkdown([report])).toContain(`- ${row!.backend}, batch 16: accuracy not judged: none is stated`);
});

it("marks steps with whole numbers", () => {
  const page = reportPage([someReport()]);
  const steps = /First losses[\s\S]*?<\/svg>/.exec(page)?.[0] ?? "";
  expect([...steps.matchAll(/text-anchor="middle">([^<]+)</g)].map(([, text]) => text)).toEqual([
    "1",
    "6",
    "11",
    "15",
    "20",
    "step",
  ]);
});

it("sets headings above their numbers", () => {
  const page = reportPage([someReport()]);
  expect(page).toContain('<th scope="col" class="number">images seen</th>');
  expect(page).toContain('<th scope="col">verdict</th>');
});

it("shows text as text", () => {
  expect(reportPage([someReport()])).toContain("AMD EPYC &lt;9654&gt;");
  expect(reportPage([someReport()], "<b>")).toContain("<h1>&lt;b&gt;</h1>");
});

it("writes tables of Markdown", () => {
  const text = reportMarkdown([someReport(), someOpsReport()]);
  expect(text).toContain("## AMD EPYC <9654>, 2 cores, Node 24.1.0, V8 13.6, 2026-11-25");
  expect(text).toMatch(/^\| wasm, batch 16 \| .* \| 98\.77% \| ok \| 112 ±2% \| 36\.1 ±16% \|$/m);
  expect(text).toContain("- cuda: no NVIDIA driver");
  expect(text).toMatch(/^\| conv2d \| .* \| 1,740 \| 120 \| 200% \|$/m);
});
