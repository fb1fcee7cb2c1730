import { expect, it } from "vitest";
import { formatTable } from "./table.js";

it("wraps at spaces, breaks longer words, and draws no line twice", () => {
  const columns = [{ heading: "a" }, { heading: "b", width: 9 }, { heading: "c", align: "right" as const }];
  const rows = [
    ["x", "one two three", "1"],
    ["y", "unbreakable", "1,000"],
    { first: "z", text: "a text across the table" },
  ];
  expect(`\n${formatTable(columns, rows)}\n`).toMatchInlineSnapshot(`
    "
    a  b              c
    -  ---------  -----
    x  one two        1
       three
    y  unbreakab  1,000
       le
    z  a text across
       the table
    "
  `);
});
