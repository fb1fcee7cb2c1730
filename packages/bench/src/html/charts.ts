import { formatFigure } from "../report/numbers.js";
import type { Interval } from "../report/result.js";
import { escaped } from "./markup.js";
import { seriesColours } from "./style.js";

/** A bar: a number with its name and, where it was measured several times, the interval that it lies in. */
export interface Bar {
  readonly name: string;
  readonly value: number;
  readonly interval?: Interval | null;
  /** Bars of one series have one colour. */
  readonly series: number;
}

/** Points joined by lines. */
export interface Curve {
  readonly name: string;
  readonly points: readonly (readonly [x: number, y: number])[];
}

/** Narrow, so that text is large enough to be read on a telephone. */
const width = 440;
const barHeight = 22;
const barGap = 22;
const plot = { left: 56, right: 16, top: 10, bottom: 46, height: 220 } as const;
const legendLine = 20;
const dashes = ["", "7 4", "2 3", "10 3 2 3"];

/** Horizontal bars from 0 on, each with its name above and its number behind. */
export function barChart(caption: string, bars: readonly Bar[]): string {
  if (bars.length === 0) {
    return "";
  }
  const most = Math.max(...bars.map(({ value, interval }) => interval?.high ?? value));
  const scale = (width - 90) / most;
  const rows = bars.map(({ name, value, interval, series }, index) => {
    const y = index * (barHeight + barGap) + 16;
    const middle = y + barHeight / 2;
    const whisker = interval
      ? `<path class="whisker" d="M${n(interval.low * scale)} ${middle}H${n(interval.high * scale)}M${n(interval.low * scale)} ${middle - 5}v10M${n(interval.high * scale)} ${middle - 5}v10"/>`
      : "";
    const end = Math.max(value, interval?.high ?? 0) * scale;
    return (
      `<g class="series-${series % seriesColours}"><text x="0" y="${y - 4}">${escaped(name)}</text>` +
      `<rect class="bar" x="0" y="${y}" width="${n(value * scale)}" height="${barHeight}" rx="2"/>${whisker}` +
      `<text x="${n(end + 6)}" y="${middle + 4}">${escaped(formatFigure(value))}</text></g>`
    );
  });
  const spoken = bars.map(({ name, value }) => `${name}: ${formatFigure(value)}`).join("; ");
  return figure(caption, spoken, bars.length * (barHeight + barGap), rows.join(""));
}

/** Curves over a common pair of axes, with their names and patterns below. */
export function lineChart(
  caption: string,
  curves: readonly Curve[],
  axes: { readonly x: string; readonly y: string; readonly fromZero?: boolean },
): string {
  const points = curves.flatMap((curve) => curve.points);
  if (points.length === 0) {
    return "";
  }
  const [xs, ys] = [points.map(([x]) => x), points.map(([, y]) => y)];
  const [lowX, highX] = [Math.min(...xs), Math.max(...xs)];
  const [lowY, highY] = [axes.fromZero ? 0 : Math.min(...ys), Math.max(...ys)];
  const spanX = width - plot.left - plot.right;
  const x = (value: number): number => plot.left + (spanX * (value - lowX)) / (highX - lowX || 1);
  const y = (value: number): number => plot.top + plot.height * (1 - (value - lowY) / (highY - lowY || 1));
  const quarters = (low: number, high: number): number[] =>
    [0, 0.25, 0.5, 0.75, 1].map((share) => low + share * (high - low));
  // Between two steps there is nothing.
  const isWhole = xs.every((value) => Number.isInteger(value));
  const valuesX = new Set(quarters(lowX, highX).map((value) => (isWhole ? Math.round(value) : value)));
  const ticks = [...new Set(quarters(lowY, highY))].map(
    (value) =>
      `<path class="axis" d="M${plot.left} ${n(y(value))}H${plot.left + spanX}"/>` +
      `<text x="${plot.left - 6}" y="${n(y(value) + 4)}" text-anchor="end">${escaped(formatFigure(value))}</text>`,
  );
  const ticksX = [...valuesX].map(
    (value) =>
      `<text x="${n(x(value))}" y="${plot.top + plot.height + 18}" text-anchor="middle">${escaped(tick(value))}</text>`,
  );
  const bottom = plot.top + plot.height + plot.bottom;
  const lines = curves.map(({ name, points: own }, index) => {
    const dash = dashes[index % dashes.length];
    const pattern = dash ? ` stroke-dasharray="${dash}"` : "";
    const path = own.map(([px, py]) => `${n(x(px))},${n(y(py))}`).join(" ");
    const dots =
      own.length > 12
        ? ""
        : own.map(([px, py]) => `<circle class="bar" cx="${n(x(px))}" cy="${n(y(py))}" r="3"/>`).join("");
    const middle = bottom + index * legendLine + legendLine / 2;
    return (
      `<g class="series-${index % seriesColours}"><polyline class="curve" points="${path}"${pattern}/>${dots}` +
      `<path class="curve" d="M${plot.left} ${middle}h40"${pattern}/>` +
      `<text x="${plot.left + 50}" y="${middle + 4}">${escaped(name)}</text></g>`
    );
  });
  const labels = `<text x="${plot.left + spanX / 2}" y="${plot.top + plot.height + 36}" text-anchor="middle">${escaped(axes.x)}</text>`;
  const spoken = curves
    .map(
      ({ name, points: own }) =>
        `${name} from ${formatFigure(own[0]?.[1] ?? 0)} to ${formatFigure(own.at(-1)?.[1] ?? 0)}`,
    )
    .join("; ");
  const height = bottom + curves.length * legendLine;
  return figure(`${caption} (${axes.y})`, spoken, height, [...ticks, ...ticksX, ...lines, labels].join(""));
}

function figure(caption: string, spoken: string, height: number, content: string): string {
  return (
    `<figure><figcaption>${escaped(caption)}</figcaption>` +
    `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(`${caption}. ${spoken}`)}">${content}</svg></figure>`
  );
}

function tick(value: number): string {
  return Number.isInteger(value) ? value.toLocaleString("en-US") : formatFigure(value);
}

function n(value: number): string {
  return value.toFixed(1);
}
