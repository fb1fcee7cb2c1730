import { formatBytes, formatCount, formatFigure, formatShare, noFigure } from "./numbers.js";
import type { BenchResult } from "./result.js";
import { type Column, formatTable, type Row } from "./table.js";

const deviceWidth = 26;

const columns: readonly Column[] = [
  { heading: "backend" },
  { heading: "device", width: deviceWidth },
  { heading: "training\nsamples", align: "right" },
  { heading: "test\naccuracy", align: "right" },
  { heading: "training\nµs/sample", align: "right" },
  { heading: "step ms\np50 / p95", align: "right" },
  { heading: "evaluation\nµs/sample", align: "right" },
  { heading: "compile\nms", align: "right" },
  { heading: "first\nstep ms", align: "right" },
  { heading: "peak\nmemory", align: "right" },
];

/** The rows of a report as a table; one that did not run shows its reason instead of figures. */
export function formatTrainingTable(results: readonly BenchResult[]): string {
  return formatTable(columns, results.flatMap(rowsOf));
}

function rowsOf(result: BenchResult): Row[] {
  const { backend, available, reason } = result;
  const why: Row[] = reason === undefined ? [] : [{ first: available ? "" : backend, text: reason }];
  return available ? [figures(result), ...why] : why;
}

function figures(result: BenchResult): string[] {
  const { stepMs, trainUsPerSample } = result;
  return [
    result.backend,
    result.device ?? noFigure,
    trainUsPerSample === null ? noFigure : `${formatCount(result.trainSamples)} x ${result.epochs}`,
    formatShare(result.testAccuracy),
    formatFigure(trainUsPerSample),
    stepMs.p50 === null ? noFigure : `${formatFigure(stepMs.p50)} / ${formatFigure(stepMs.p95)}`,
    formatFigure(result.evaluateUsPerSample),
    formatFigure(result.compileMs),
    formatFigure(result.firstStepMs),
    formatBytes(result.peakMemoryBytes),
  ];
}
