import { formatFigure } from "./numbers.js";
import type { BackendOps, MoveResult } from "./opResult.js";
import { formatTable } from "./table.js";

/** The ops that move bytes of one backend in plain text, each beside a copy of as many bytes. */
export function formatMoves({ backend, device, moves = [] }: BackendOps): string {
  const sizes = [...new Set(moves.map(({ size }) => size))];
  const columns = [
    { heading: "op" },
    ...sizes.flatMap((size) => [
      { heading: `${size}: µs`, align: "right" as const },
      { heading: "GB/s", align: "right" as const },
      { heading: "of a copy", align: "right" as const },
    ]),
    { heading: "bound by" },
  ];
  const names = [...new Set(moves.map(nameOf))];
  const rows = names.map((name) => {
    const found = moves.filter((move) => nameOf(move) === name);
    const cells = sizes.flatMap((size) => {
      const move = found.find((each) => each.size === size);
      return move === undefined
        ? ["", "", ""]
        : [
            formatFigure(move.medianUs),
            formatFigure(move.bytes / move.medianUs / 1000),
            `${(move.ofCopy * 100).toFixed(0)}%`,
          ];
    });
    return [name, ...cells, found[0]!.bound ?? "memory"];
  });
  return `${backend}: ${device}, ops that move bytes in turns with a copy of as many\n\n${formatTable(columns, rows)}`;
}

function nameOf({ op, detail }: MoveResult): string {
  return detail === "" ? op : `${op}, ${detail}`;
}
