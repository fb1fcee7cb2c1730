import CliTable from "cli-table3";

/** A column: its heading, which may have several lines, and where its cells stand. */
export interface Column {
  readonly heading: string;
  readonly align?: "left" | "right";
  /** Maximum characters per line: longer cells are wrapped at spaces. Absent: no limit. */
  readonly width?: number;
}

/** A row of cells, or one text across all columns after the first cell. */
export type Row = readonly string[] | { readonly first: string; readonly text: string };

/** Between two columns. */
const gap = "  ";
/** Lines drawn under the heading and nowhere else: the table stays readable in a file and in a chat. */
const lines: Partial<Record<CliTable.CharName, string>> = {
  top: "",
  "top-mid": "",
  "top-left": "",
  "top-right": "",
  bottom: "",
  "bottom-mid": "",
  "bottom-left": "",
  "bottom-right": "",
  left: "",
  "left-mid": "",
  mid: "",
  "mid-mid": "",
  right: "",
  "right-mid": "",
  middle: gap,
};

/** A table in plain text, without colours. */
export function formatTable(columns: readonly Column[], rows: readonly Row[]): string {
  const cells = rows.map((row) =>
    "text" in row ? row : columns.map(({ width }, index) => wrapped(row[index] as string, width)),
  );
  const widths = columns.map(({ heading }, index) =>
    Math.max(
      ...[heading, ...cells.map((row) => ("text" in row ? (index === 0 ? row.first : "") : (row[index] as string)))]
        .flatMap((text) => text.split("\n"))
        .map((line) => visibleLength(line)),
    ),
  );
  const acrossWidth = widths.slice(1).reduce((sum, width) => sum + width + gap.length, -gap.length);
  const table = new CliTable({
    chars: lines,
    style: { "padding-left": 0, "padding-right": 0, head: [], border: [] },
    colAligns: columns.map(({ align = "left" }) => align),
    colWidths: widths,
  });
  table.push(columns.map(({ heading }) => ({ content: heading, vAlign: "bottom" as const })));
  table.push(widths.map((width) => "-".repeat(width)));
  for (const row of cells) {
    table.push(
      "text" in row
        ? [row.first, { content: wrapped(row.text, acrossWidth), colSpan: columns.length - 1, hAlign: "left" }]
        : [...row],
    );
  }
  return table
    .toString()
    .split("\n")
    .map((line) => line.trimEnd())
    .join("\n");
}

/** Characters of a line that are seen: colours are not. */
function visibleLength(line: string): number {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is how terminals are told colours
  return line.replace(/\x1b\[[\d;]*m/g, "").length;
}

/** Breaks lines that are longer than `width`, at spaces where there are any. */
function wrapped(text: string, width = Infinity): string {
  return text
    .split("\n")
    .flatMap((line) => brokenLine(line, width))
    .join("\n");
}

function brokenLine(line: string, width: number): string[] {
  if (line.length <= width) {
    return [line];
  }
  const space = line.lastIndexOf(" ", width);
  const [end, next] = space > 0 ? [space, space + 1] : [width, width];
  return [line.slice(0, end), ...brokenLine(line.slice(next), width)];
}
