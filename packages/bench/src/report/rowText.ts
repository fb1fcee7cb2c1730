import { noFigure } from "./numbers.js";
import type { BenchResult, Verdict } from "./result.js";

/** What a row is called: with what is varied in the report. */
export function labels(results: readonly BenchResult[]): (row: BenchResult) => string {
  const varies = (key: "batchSize" | "threads" | "seed"): boolean =>
    new Set(results.filter(({ available }) => available).map((row) => row[key])).size > 1;
  const [batch, threads, seed] = [varies("batchSize"), varies("threads"), varies("seed")];
  return (row) =>
    [
      row.backend,
      ...(batch ? [`batch ${row.batchSize}`] : []),
      ...(threads && row.threads !== null ? [`${row.threads} threads`] : []),
      ...(seed ? [`seed ${row.seed}`] : []),
    ].join(", ");
}

/** "cuda: no NVIDIA driver": in one line, and the name once where a reason begins with it. */
export function note(name: string, reason: string): string {
  const line = reason.replace(/\s*\n\s*/g, " ");
  return line.startsWith(`${name}: `) ? line : `${name}: ${line}`;
}

/** What there is to say below a table: why figures are missing, what is wrong, why an accuracy is not judged. */
export function remarks({ reason, verdict }: BenchResult): string[] {
  const notJudged = verdict?.accuracyNotJudged;
  return [reason, verdict?.reason, notJudged && `accuracy not judged: ${notJudged}`].filter(
    (text) => text !== undefined,
  );
}

/** "ok", "losses ok" where no accuracy is stated, "WRONG". */
export function formatVerdict(verdict: Verdict | null): string {
  if (verdict === null) {
    return noFigure;
  }
  const { lossesAgree, accuracyReached } = verdict;
  if (verdict.reason !== undefined) {
    return "WRONG";
  }
  const checked = [...(lossesAgree === null ? [] : ["losses"]), ...(accuracyReached === null ? [] : ["accuracy"])];
  return checked.length === 2 ? "ok" : checked.length === 0 ? noFigure : `${checked[0]} ok`;
}
