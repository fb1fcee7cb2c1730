import type { Counts } from "../ops/opClock.js";
import { medianInterval } from "../training/medianInterval.js";
import { median } from "../training/percentile.js";

/** How much slower the head may be before it counts. */
export const allowedSlowdown = 0.08;
/** How much larger modules may become; other counts may not grow at all. */
const allowedGrowth = 0.05;

/** The times of one thing, round by round, in both versions. */
export interface PairedTimes {
  readonly name: string;
  readonly base: readonly number[];
  readonly head: readonly number[];
}

/** What became of one thing. */
export interface Judged {
  readonly name: string;
  readonly base: number;
  readonly head: number;
  /** The median over the rounds of the head's time divided by the base's of the same round. */
  readonly ratio: number;
  /** The lower end of its 95% confidence interval. */
  readonly low: number;
  readonly high: number;
  readonly isSlower: boolean;
}

/**
 * Compares what was measured in turns. Times are divided within a round, which the machine's speed at that time drops out of; the
 * head is slower where even the lower end of the ratio's confidence interval is above what is allowed.
 */
export function judgeRounds(times: readonly PairedTimes[]): Judged[] {
  return times.map(({ name, base, head }) => {
    const ratios = base.map((time, round) => (head[round] as number) / time);
    const { low, high } = medianInterval(ratios, 0.95) ?? { low: 1, high: 1 };
    return {
      ...{ name, base: median(base) ?? 0, head: median(head) ?? 0, ratio: median(ratios) ?? 1, low, high },
      isSlower: low > 1 + allowedSlowdown,
    };
  });
}

/** A line for each count that has grown too much. */
export function grownCounts(base: Counts, head: Counts): string[] {
  return Object.entries(head).flatMap(([name, count]) => {
    const before = base[name];
    const limit = name.startsWith("size of ") ? 1 + allowedGrowth : 1;
    return before !== undefined && count > before * limit
      ? [`${name}: ${before.toLocaleString("en-US")} became ${count.toLocaleString("en-US")}`]
      : [];
  });
}
