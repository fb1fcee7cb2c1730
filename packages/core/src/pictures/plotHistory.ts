import { checkOptions, expectCount } from "../checkOption.js";
import { ArgumentError, listNames } from "../errors.js";
import { round, svgDocument, svgText } from "./svg.js";

/** What `fit` returns, or its `history` alone. */
export type HistoryInput =
  | { readonly epochs: readonly number[]; readonly history: Readonly<Record<string, readonly number[]>> }
  | Readonly<Record<string, readonly number[]>>;

/** Settings of `plotHistory`. */
export interface PlotHistoryOptions {
  /** Names of the curves; default all. Those with `val_` in front come with them. */
  readonly metrics?: readonly string[];
  /** Default "Training". */
  readonly title?: string;
  /** Pixels of one panel; defaults 420 and 280. */
  readonly width?: number;
  readonly height?: number;
}

const colours = { training: "#1f6fb4", validation: "#e0731d" } as const;
const margin = { left: 58, right: 14, top: 34, bottom: 40 } as const;
const titleHeight = 34;

/**
 * The curves of a training as SVG: a panel for each of loss and metrics, with its validation in another colour.
 *
 *     await writeFile("history.svg", plotHistory(await model.fit(x, y, { epochs: 20, validationSplit: 0.1 })));
 *
 * @throws ArgumentError for curves that are not there, and where there are none
 */
export function plotHistory(history: HistoryInput, options: PlotHistoryOptions = {}): string {
  const {
    title = "Training",
    width = 420,
    height = 280,
  } = checkOptions("plotHistory", options, [...["metrics", "title", "width", "height"]]);
  expectCount("plotHistory: width", width, 120);
  expectCount("plotHistory: height", height, 100);
  const { epochs, curves } = curvesOf(history);
  const names =
    options.metrics ?? Object.keys(curves).filter((name) => !(name.startsWith("val_") && name.slice(4) in curves));
  const unknown = names.find((name) => !(name in curves));
  if (unknown !== undefined) {
    throw new ArgumentError(`plotHistory: there is no curve "${unknown}"; there are ${listNames(Object.keys(curves))}`);
  }
  if (names.length === 0 || epochs.length === 0) {
    throw new ArgumentError("plotHistory: the history has no epochs to draw; train for at least one");
  }
  const columns = Math.min(names.length, 2);
  const panels = names.map((name, index) => {
    const [left, top] = [(index % columns) * width, titleHeight + Math.floor(index / columns) * height];
    const lines = [
      { label: "training", colour: colours.training, values: curves[name]! },
      ...(curves[`val_${name}`]
        ? [{ label: "validation", colour: colours.validation, values: curves[`val_${name}`]! }]
        : []),
    ];
    return `<g transform="translate(${left} ${top})">${panel(name, epochs, lines, width, height)}</g>`;
  });
  const totalWidth = columns * width;
  const heading = svgText(totalWidth / 2, 24, title, { anchor: "middle", size: 16 });
  return svgDocument(totalWidth, titleHeight + Math.ceil(names.length / columns) * height, title, [heading, ...panels]);
}

interface Curve {
  readonly label: string;
  readonly colour: string;
  readonly values: readonly number[];
}

function panel(
  name: string,
  epochs: readonly number[],
  curves: readonly Curve[],
  width: number,
  height: number,
): string {
  const inner = { width: width - margin.left - margin.right, height: height - margin.top - margin.bottom };
  const ys = axisTicks(curves.flatMap(({ values }) => values.filter(Number.isFinite)));
  const [first, last] = [epochs[0]!, epochs.at(-1)!];
  const x = (epoch: number): number =>
    margin.left + (last === first ? 0.5 : (epoch - first) / (last - first)) * inner.width;
  const y = (value: number): number => margin.top + (1 - (value - ys.low) / (ys.high - ys.low)) * inner.height;
  const bottom = margin.top + inner.height;
  const grid = ys.ticks.map(
    (tick) =>
      `<line x1="${margin.left}" x2="${width - margin.right}" y1="${round(y(tick))}" y2="${round(y(tick))}" stroke="#ddd"/>` +
      svgText(margin.left - 6, y(tick) + 4, formatTick(tick, ys.step), { anchor: "end", size: 11 }),
  );
  const epochTicks = wholeTicks(first, last, Math.max(1, Math.floor(inner.width / 40)));
  const axis = epochTicks.map((epoch) =>
    svgText(x(epoch), bottom + 16, String(epoch + 1), { anchor: "middle", size: 11 }),
  );
  const drawn = curves.map(({ colour, values }) => curve(epochs, values, x, y, colour));
  const legend = curves.map(({ label, colour }, index) => {
    const left = width - margin.right - (curves.length - index) * 84 + 10;
    return `<line x1="${left}" x2="${left + 14}" y1="18" y2="18" stroke="${colour}" stroke-width="2"/>${svgText(left + 18, 22, label, { size: 11 })}`;
  });
  return [
    svgText(margin.left, 22, name, { size: 13 }),
    ...legend,
    ...grid,
    `<line x1="${margin.left}" x2="${width - margin.right}" y1="${bottom}" y2="${bottom}" stroke="#888"/>`,
    ...axis,
    svgText(margin.left + inner.width / 2, bottom + 32, "epoch", { anchor: "middle", size: 11 }),
    ...drawn,
  ].join("");
}

/** A line through the finite values; gaps where there are none, dots where a value stands alone. */
function curve(
  epochs: readonly number[],
  values: readonly number[],
  x: (epoch: number) => number,
  y: (value: number) => number,
  colour: string,
): string {
  const runs: string[][] = [[]];
  values.forEach((value, index) => {
    if (Number.isFinite(value) && index < epochs.length) {
      runs.at(-1)!.push(`${round(x(epochs[index]!))},${round(y(value))}`);
    } else {
      runs.push([]);
    }
  });
  return runs
    .map((points) => {
      const [only] = points;
      if (points.length === 1 && only !== undefined) {
        const [cx, cy] = only.split(",");
        return `<circle cx="${cx}" cy="${cy}" r="3" fill="${colour}"/>`;
      }
      return points.length === 0
        ? ""
        : `<polyline points="${points.join(" ")}" fill="none" stroke="${colour}" stroke-width="2" stroke-linejoin="round"/>`;
    })
    .join("");
}

interface Axis {
  readonly low: number;
  readonly high: number;
  readonly step: number;
  readonly ticks: readonly number[];
}

/** About five round numbers that span the values. */
function axisTicks(values: readonly number[]): Axis {
  const lowest = values.reduce((least, value) => Math.min(least, value), Infinity);
  const highest = values.reduce((most, value) => Math.max(most, value), -Infinity);
  const [from, to] =
    values.length === 0
      ? [0, 1]
      : highest > lowest
        ? [lowest, highest]
        : [lowest - Math.abs(lowest || 1) / 2, highest + Math.abs(highest || 1) / 2];
  const rough = (to - from) / 5;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((factor) => factor * power).find((size) => size >= rough)!;
  const [first, last] = [Math.floor(from / step + 1e-9), Math.ceil(to / step - 1e-9)];
  const ticks = Array.from({ length: last - first + 1 }, (_, index) => (first + index) * step);
  return { low: first * step, high: last * step, step, ticks };
}

function wholeTicks(first: number, last: number, most: number): number[] {
  const step = Math.max(1, Math.ceil((last - first + 1) / most));
  return Array.from({ length: Math.floor((last - first) / step) + 1 }, (_, index) => first + index * step);
}

function formatTick(value: number, step: number): string {
  const size = Math.abs(value);
  if (size !== 0 && (size >= 1e5 || step < 1e-4)) {
    return value.toExponential(1);
  }
  return value.toFixed(Math.max(0, -Math.floor(Math.log10(step) + 1e-9)));
}

function curvesOf(input: HistoryInput): {
  epochs: readonly number[];
  curves: Readonly<Record<string, readonly number[]>>;
} {
  if ("history" in input && !Array.isArray(input.history)) {
    const { epochs, history } = input as Extract<HistoryInput, { epochs: readonly number[]; history: unknown }>;
    return { epochs, curves: history };
  }
  const curves = input as Readonly<Record<string, readonly number[]>>;
  const length = Math.max(0, ...Object.values(curves).map((values) => values.length));
  return { epochs: Array.from({ length }, (_, epoch) => epoch), curves };
}
