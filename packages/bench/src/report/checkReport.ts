import { ArgumentError } from "@convoy/core";
import type { AnyReport } from "../html/reportPage.js";
import { schemaVersion } from "./result.js";

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
