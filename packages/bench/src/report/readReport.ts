import { readFile } from "node:fs/promises";
import { ArgumentError } from "@convoy/core";
import type { AnyReport } from "../html/reportPage.js";
import { schemaVersion } from "./result.js";

/** Reads what `--json` has written. Throws `ArgumentError` for a file that is not there or something else. */
export async function readReport(file: string): Promise<AnyReport> {
  let report: unknown;
  try {
    report = JSON.parse(await readFile(file, "utf8"));
  } catch (error) {
    throw new ArgumentError(`${file} cannot be read as a report: ${error instanceof Error ? error.message : error}`);
  }
  return checkReport(report, file);
}

/** Throws `ArgumentError` unless something has the form of a report of this version. */
export function checkReport(report: unknown, name: string): AnyReport {
  const { schema, results, backends, machine } = Object(report) as Record<string, unknown>;
  if (schema !== schemaVersion || Object(machine) !== machine || !(Array.isArray(results) || Array.isArray(backends))) {
    const found = typeof schema === "number" && schema !== schemaVersion ? `of schema ${schema}` : "no report of bench";
    throw new ArgumentError(
      `${name} is ${found}; expected what --json of this version writes (schema ${schemaVersion})`,
    );
  }
  return report as AnyReport;
}
