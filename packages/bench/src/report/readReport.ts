import { readFile } from "node:fs/promises";
import { ArgumentError } from "@convoy/core";
import type { AnyReport } from "../html/reportPage.js";
import { checkReport } from "./checkReport.js";

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
