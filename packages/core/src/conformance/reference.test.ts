import { readdirSync } from "node:fs";
import { expect, it } from "vitest";
import { kernelNames } from "../ops/index.js";
import { reference } from "../reference/index.js";
import { conformanceCases, opCases, runConformance } from "./index.js";

it("the reference conforms", async () => {
  const report = await runConformance(() => reference());
  expect(report.results.flatMap(({ message }) => message ?? [])).toEqual([]);
  expect(report.passed).toBe(true);
}, 120_000);

it("every op has cases, and no two cases have one name", () => {
  const cases = conformanceCases();
  const covered = new Set(cases.filter(({ level }) => level === "ops").map(({ op }) => op));
  expect(kernelNames.filter((name) => !covered.has(name))).toEqual([]);
  const names = cases.map(({ name }) => name);
  expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([]);
});

it("every file of cases is read", async () => {
  const folder = new URL("../ops/", import.meta.url);
  for (const file of readdirSync(folder).filter((name) => name.endsWith(".cases.ts"))) {
    const lists = Object.values(await import(new URL(file, folder).pathname)) as (typeof opCases)[];
    expect(lists.length, file).toBeGreaterThan(0);
    for (const list of lists) {
      expect(list.length, file).toBeGreaterThan(0);
      expect(list.filter((opCase) => !opCases.includes(opCase))).toEqual([]);
    }
  }
});
