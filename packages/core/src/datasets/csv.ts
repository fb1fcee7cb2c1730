import { ArgumentError, DatasetError, listNames } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { type FileSource, type ReadOptions, readSource } from "./readSource.js";

/** Settings of `readLabelsCsv`. */
export interface ReadLabelsCsvOptions extends ReadOptions {
  /** The column with the labels, by name or position from 0; default: the last. */
  readonly column?: string | number | undefined;
  /** Whether the first line names the columns; default true. */
  readonly header?: boolean | undefined;
  /** What is between values; default ",". */
  readonly delimiter?: string | undefined;
  /** The classes in the order of their numbers; default: those of the file, sorted, or its class numbers as they are. */
  readonly classNames?: readonly string[] | undefined;
}

/** Labels from a table. */
export interface CsvLabels {
  /** [N] classes, counted from 0, a row each. */
  readonly labels: Tensor<Int32Array>;
  /** Name of each class, by label. */
  readonly classNames: readonly string[];
  /** Every column as text, by its name, or by its position where there is no header. */
  readonly columns: Readonly<Record<string, readonly string[]>>;
}

/**
 * Reads the labels of samples from a table of comma-separated values (RFC 4180), such as file names and their classes.
 *
 * @throws DatasetError when there is no such file, a row has another number of values, or a label is no class; with the line
 * @throws ArgumentError for a column that is not there
 */
export async function readLabelsCsv(source: FileSource, options: ReadLabelsCsvOptions = {}): Promise<CsvLabels> {
  const { column, header = true, delimiter = ",", classNames, ...rest } = options;
  if (delimiter.length !== 1) {
    throw new ArgumentError(`readLabelsCsv: delimiter is "${delimiter}", expected one character`);
  }
  const { bytes, name } = await readSource(source, "CSV file", rest);
  const rows = parseCsv(new TextDecoder().decode(bytes), delimiter, name);
  const [first] = rows;
  if (first === undefined || (header && rows.length === 1)) {
    throw new DatasetError(`${name}: has no rows${first === undefined ? "" : " below its header"}`);
  }
  const names = header ? first.values : first.values.map((_, index) => String(index));
  const body = header ? rows.slice(1) : rows;
  const uneven = body.find(({ values }) => values.length !== names.length);
  if (uneven !== undefined) {
    throw new DatasetError(
      `${name}: line ${uneven.line}: ${uneven.values.length} values, expected ${names.length} (${names.join(", ")})`,
    );
  }
  const position = columnPosition(column ?? names.length - 1, names);
  const texts = body.map(({ values, line }) => ({ text: values[position] as string, line }));
  const classes = classNames ?? classesOf(texts.map(({ text }) => text));
  const numbers = new Map(classes.map((text, index) => [text, index]));
  const labels = texts.map(({ text, line }) => {
    const label = numbers.get(text);
    if (label === undefined) {
      throw new DatasetError(`${name}: line ${line}: "${text}" is no class; classNames are ${listNames(classes)}`);
    }
    return label;
  });
  return {
    labels: { data: Int32Array.from(labels), shape: [labels.length] },
    classNames: classes,
    columns: Object.fromEntries(names.map((key, index) => [key, body.map(({ values }) => values[index] as string)])),
  };
}

function columnPosition(column: string | number, names: readonly string[]): number {
  const position = typeof column === "number" ? column : names.indexOf(column);
  if (!Number.isInteger(position) || position < 0 || position >= names.length) {
    throw new ArgumentError(
      `readLabelsCsv: there is no column ${JSON.stringify(column)}; there are ${listNames(names)}`,
    );
  }
  return position;
}

/** Class numbers mean themselves, so that a class without samples keeps its place; anything else is sorted. */
function classesOf(texts: readonly string[]): string[] {
  if (texts.every((text) => /^(0|[1-9]\d{0,5})$/.test(text))) {
    const largest = texts.reduce((most, text) => Math.max(most, Number(text)), 0);
    return Array.from({ length: largest + 1 }, (_, index) => String(index));
  }
  return [...new Set(texts)].sort();
}

interface CsvRow {
  readonly values: string[];
  /** Where it begins, counted from 1. */
  readonly line: number;
}

/** Rows of values; those in quotes may hold delimiters, line ends and doubled quotes. Empty lines are passed over. */
function parseCsv(text: string, delimiter: string, name: string): CsvRow[] {
  const rows: CsvRow[] = [];
  let line = 1;
  let at = text.startsWith("\uFEFF") ? 1 : 0;
  while (at < text.length) {
    const row: CsvRow = { values: [], line };
    for (;;) {
      const { value, next } =
        text[at] === '"' ? quotedValue(text, at, `${name}: line ${line}`) : plainValue(text, at, delimiter);
      row.values.push(value);
      line += value.split("\n").length - 1;
      at = next;
      if (text[at] !== delimiter) {
        break;
      }
      at++;
    }
    if (at < text.length && text[at] !== "\n" && text[at] !== "\r") {
      throw new DatasetError(`${name}: line ${line}: text after a closing quote; double the quotes within a value`);
    }
    at += text[at] === "\r" && text[at + 1] === "\n" ? 2 : 1;
    line++;
    if (row.values.length > 1 || row.values[0] !== "") {
      rows.push(row);
    }
  }
  return rows;
}

function plainValue(text: string, start: number, delimiter: string): { value: string; next: number } {
  let next = start;
  while (next < text.length && text[next] !== delimiter && text[next] !== "\n" && text[next] !== "\r") {
    next++;
  }
  return { value: text.slice(start, next).trim(), next };
}

function quotedValue(text: string, start: number, where: string): { value: string; next: number } {
  let value = "";
  for (let from = start + 1; ; ) {
    const quote = text.indexOf('"', from);
    if (quote < 0) {
      throw new DatasetError(`${where}: a value begins with a quote that no other closes`);
    }
    value += text.slice(from, quote);
    if (text[quote + 1] !== '"') {
      return { value, next: quote + 1 };
    }
    value += '"';
    from = quote + 2;
  }
}
