import { checkOptions } from "../checkOption.js";
import { DataError, ShapeError } from "../errors.js";
import { round, svgDocument, svgText } from "./svg.js";

/** Settings of `plotConfusionMatrix`. */
export interface PlotConfusionMatrixOptions {
  /** Name of each class; default their numbers. */
  readonly classNames?: readonly string[];
  /** Whether cells tell shares of their row in percent; default false: counts. */
  readonly normalize?: boolean;
  /** Default "Confusion matrix". */
  readonly title?: string;
}

/** Pixels of a cell; fewer where there are many classes, whose numbers are then left out. */
const cellSize = 44;
const smallCell = 10;
const manyClasses = 25;
const titleHeight = 40;

/**
 * A confusion matrix as SVG: rows are labels, columns predictions, the darker the larger their share of the row. Pass what
 * `metrics.confusionMatrix(labels, predictions)` gives.
 *
 * @throws ShapeError for a matrix that is not square, or another number of names
 * @throws DataError for a count that is not a number of at least 0
 */
export function plotConfusionMatrix(
  matrix: readonly (readonly number[])[],
  options: PlotConfusionMatrixOptions = {},
): string {
  const {
    classNames,
    normalize = false,
    title = "Confusion matrix",
  } = checkOptions("plotConfusionMatrix", options, [...["classNames", "normalize", "title"]]);
  const size = matrix.length;
  if (size === 0 || matrix.some((row) => row.length !== size)) {
    throw new ShapeError(
      `plotConfusionMatrix: the matrix has ${size} rows of ${[...new Set(matrix.map((row) => row.length))].join(", ") || 0} columns; it must be square`,
    );
  }
  if (classNames !== undefined && classNames.length !== size) {
    throw new ShapeError(`plotConfusionMatrix: there are ${classNames.length} classNames for ${size} classes`);
  }
  const names = classNames ?? matrix.map((_, index) => String(index));
  const cell = size > manyClasses ? smallCell : cellSize;
  const fontSize = size > manyClasses ? 8 : 12;
  const nameWidth = Math.min(180, Math.max(...names.map(({ length }) => length)) * fontSize * 0.62 + 12);
  const [left, top] = [nameWidth + 24, titleHeight];
  const end = size * cell;
  const cells = matrix.flatMap((row, label) => {
    const total = row.reduce((sum, count) => sum + checkedCount(count), 0);
    return row.map((count, prediction) => {
      const share = total === 0 ? 0 : count / total;
      const text = normalize ? `${(100 * share).toFixed(share > 0 && share < 0.0995 ? 1 : 0)}%` : String(count);
      const [x, y] = [left + prediction * cell, top + label * cell];
      const hint = `<title>${count} of ${total}</title>`;
      const rect = `<rect x="${round(x)}" y="${round(y)}" width="${cell}" height="${cell}" fill="${shade(share)}" stroke="#fff">${hint}</rect>`;
      return size > manyClasses || count === 0
        ? rect
        : rect +
            svgText(x + cell / 2, y + cell / 2 + 4, text, {
              anchor: "middle",
              size: 11,
              fill: share > 0.55 ? "#fff" : "#333",
            });
    });
  });
  const rows = names.map((name, index) =>
    svgText(left - 6, top + (index + 0.5) * cell + fontSize / 3, name, { anchor: "end", size: fontSize }),
  );
  const columns = names.map((name, index) =>
    svgText(left + (index + 0.5) * cell + fontSize / 3, top + end + 8, name, {
      anchor: "end",
      size: fontSize,
      rotate: -90,
    }),
  );
  const width = left + end + 20;
  const height = top + end + nameWidth + 28;
  return svgDocument(width, height, title, [
    svgText(left + end / 2, 24, title, { anchor: "middle", size: 16 }),
    ...cells,
    ...rows,
    ...columns,
    svgText(left + end / 2, height - 8, "prediction", { anchor: "middle" }),
    svgText(14, top + end / 2, "label", { anchor: "middle", rotate: -90 }),
  ]);
}

/** From nearly white to dark blue. */
function shade(share: number): string {
  const mix = (light: number, dark: number): number => Math.round(light + (dark - light) * share);
  return `rgb(${mix(240, 18)},${mix(244, 72)},${mix(250, 138)})`;
}

function checkedCount(count: number): number {
  if (!(count >= 0 && count < Infinity)) {
    throw new DataError(`plotConfusionMatrix: the matrix holds ${count}, expected numbers of at least 0`);
  }
  return count;
}
