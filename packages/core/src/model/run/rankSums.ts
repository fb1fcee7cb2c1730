import type { Backend, ProcessGroup } from "../../backend/index.js";
import type { CompileSettings } from "../declare/compileSettings.js";
import type { MetricCounts } from "./metricStates.js";
import { RunningMeans } from "./runningMeans.js";

/** What metrics have counted on all ranks, out of what they have counted on this one. */
export async function countsOfAllRanks({ group }: Backend, counts: MetricCounts): Promise<MetricCounts> {
  if (group === undefined || counts.every((count) => count === undefined)) {
    return counts;
  }
  const all: MetricCounts[number][] = [];
  for (const count of counts) {
    const sum = count && (await group.sum(Float64Array.from(count)));
    all.push(sum && (count instanceof Int32Array ? Int32Array.from(sum) : Float32Array.from(sum)));
  }
  return all;
}

/** Means over what all ranks have added up, out of those of this one. */
export async function meansOfAllRanks(
  settings: CompileSettings,
  group: ProcessGroup,
  means: RunningMeans,
): Promise<RunningMeans> {
  const { samples, totals } = means.sums;
  const [allSamples, ...allTotals] = await group.sum(Float64Array.of(samples, ...totals));
  return new RunningMeans(settings, { samples: allSamples!, totals: allTotals });
}

/** Rows of samples that this process computes: all of them where sharing them out would cost more than it saves. */
export function ownRows(group: ProcessGroup | undefined, rows: number, batchSize: number): OwnRows {
  if (group === undefined || rows <= batchSize) {
    return { start: 0, end: rows, group: undefined };
  }
  const [start, end] = [group.rank, group.rank + 1].map((part) => Math.floor((rows * part) / group.size));
  return { start: start!, end: end!, group };
}

/** Throws where processes share other samples out: each would get a part of something else. */
export async function expectSameRows(
  group: ProcessGroup | undefined,
  purpose: "evaluate" | "predict",
  rows: number,
  batchSize: number,
): Promise<void> {
  await group?.expectSame({
    [`number of samples to ${purpose}`]: [String(rows)],
    [`batch size to ${purpose}`]: [String(batchSize)],
  });
}

/** A part of some rows, and the group that computes all of them; without a group this process does. */
export interface OwnRows {
  readonly start: number;
  readonly end: number;
  readonly group: ProcessGroup | undefined;
}
