import type { Interval } from "./result.js";

/** What stands in a table where there is no figure. */
export const noFigure = "-";

/** `98.63%` */
export function formatShare(share: number | null): string {
  return share === null ? noFigure : `${(share * 100).toFixed(2)}%`;
}

/** Three significant digits, or all digits before the point: `0.0814`, `8.14`, `81.4`, `814`, `8,137`. */
export function formatFigure(value: number | null): string {
  if (value === null) {
    return noFigure;
  }
  const digits = value === 0 ? 1 : Math.floor(Math.log10(Math.abs(value))) + 1;
  const places = Math.max(0, 3 - digits);
  return value.toLocaleString("en-US", { minimumFractionDigits: places, maximumFractionDigits: places });
}

/** `60,000` */
export function formatCount(count: number): string {
  return count.toLocaleString("en-US");
}

/** `13.9 MB`, in units of 10^6. */
export function formatBytes(bytes: number | null): string {
  return bytes === null ? noFigure : `${formatFigure(bytes / 1e6)} MB`;
}

/** `121 ±2%`: a median and half the width of its confidence interval. */
export function formatInterval(value: number | null, interval: Interval | null | undefined): string {
  if (value === null || interval === null || interval === undefined) {
    return formatFigure(value);
  }
  return `${formatFigure(value)} ±${Math.ceil(((interval.high - interval.low) / 2 / value) * 100)}%`;
}
