import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import type { AnyReport } from "../html/reportPage.js";
import { someReport } from "../testing/reports.js";
import { checkReport } from "./checkReport.js";
import { withTables } from "./documentedTables.js";

const results = new URL("../../results/", import.meta.url);
const read = (file: string): AnyReport => checkReport(JSON.parse(readFileSync(new URL(file, results), "utf8")), file);

it("has in docs/performance.md the figures of results/; npm run tables -w packages/bench writes them anew", () => {
  const page = readFileSync(new URL("../../../../docs/performance.md", import.meta.url), "utf8");
  expect(page).toContain("<!-- bench ");
  expect(page).toBe(withTables(page, read));
});

it("keeps results that this version reads, measured in rounds, with nothing wrong", () => {
  const files = readdirSync(results).filter((file) => file.endsWith(".json"));
  expect(files.length).toBeGreaterThan(0);
  for (const file of files) {
    expect(file).toMatch(/^\d{4}-\d\d-\d\d-[a-z0-9-]+\.json$/);
    expect(JSON.stringify(read(file))).not.toContain('"lossesAgree":false');
  }
});

it("replaces what stands between the comments and nothing else", () => {
  const page = "# A\n<!-- bench x.json -->\nold\n<!-- /bench -->\nB\n";
  const written = withTables(page, () => someReport());
  expect(written).toMatch(
    /^# A\n<!-- bench x\.json -->\n\nAMD EPYC .*7 rounds.*\n\n\| [\s\S]*\n<!-- \/bench -->\nB\n$/,
  );
  expect(written).not.toContain("old");
  expect(withTables(written, () => someReport())).toBe(written);
});
