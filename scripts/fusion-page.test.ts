import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { applications } from "@convoy/core";
import { type FusedName, fusedNames } from "@convoy/core/backend";
import { reference } from "@convoy/core/reference";
import { expect, test } from "vitest";
import { root } from "./tools.mjs";

const page = join(root, "docs/fusion.md");
const marker = "<!-- plan -->\n";

/** The printed plan of the network of the page, with these fused ops. */
async function printedPlan(fusions: readonly FusedName[]): Promise<string> {
  const backend = Object.assign(await reference(), { fusions, supports: () => true as const, inPlace: () => [] });
  const model = applications.mobileNetV2({ alpha: 0.35, inputShape: [96, 96, 3], classes: 10 });
  model.compile({ backend, optimizer: "adam", loss: "sparseCategoricalCrossentropy", metrics: ["accuracy"] });
  let printed = "";
  model.plan({
    mode: "train",
    batchSize: 8,
    print(text) {
      printed = text;
    },
  });
  return printed;
}

test("docs/fusion.md shows the plan as it is; CONVOY_WRITE_DOCS=1 writes it", async () => {
  const [heading, ...rows] = (await printedPlan(fusedNames)).split("\n");
  const [columns] = rows as [string];
  const [from, to] = [columns.indexOf("place"), columns.indexOf("MFLOP")];
  // Places say nothing about fusion and change with every change of a layer.
  const table = rows.slice(0, -1).map((row) => (row.slice(0, from) + row.slice(to - 2)).trimEnd());
  const shown = `${marker}\n\`\`\`\n${[heading, ...table].join("\n")}\n\`\`\`\n`;
  const text = readFileSync(page, "utf8");
  const before = text.slice(0, text.indexOf(marker));
  if (process.env.CONVOY_WRITE_DOCS === "1") {
    writeFileSync(page, before + shown);
  }
  expect(readFileSync(page, "utf8")).toBe(before + shown);
  const single = (await printedPlan([])).split("\n")[0];
  const count = (line: string) => /(\d+) ops/.exec(line)![1];
  expect(before).toContain(`${count(heading!)} ops, which would be ${count(single!)} one by one`);
});
