// Writes the tables of docs/performance.md anew from the reports in results/. Needs the built package.
import { readFileSync, writeFileSync } from "node:fs";
import { withTables } from "../dist/report/documentedTables.js";

const page = new URL("../../../docs/performance.md", import.meta.url);
const read = (/** @type {string} */ file) =>
  JSON.parse(readFileSync(new URL(`../results/${file}`, import.meta.url), "utf8"));
writeFileSync(page, withTables(readFileSync(page, "utf8"), read));
