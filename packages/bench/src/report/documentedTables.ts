import { type AnyReport, isTraining } from "../html/reportPage.js";
import { describeMachine } from "../machine.js";
import { trainingMarkdown } from "./markdown.js";

/** `<!-- bench FILE.json -->`, a table, `<!-- /bench -->`. */
const marked = /<!-- bench (\S+) -->\n[\s\S]*?<!-- \/bench -->/g;

/**
 * A page of documentation whose tables are those of reports: between the comments that name a file stands what that file says.
 * @param read gives the report of a name
 */
export function withTables(page: string, read: (file: string) => AnyReport): string {
  return page.replace(
    marked,
    (_, file: string) => `<!-- bench ${file} -->\n${documented(read(file))}\n<!-- /bench -->`,
  );
}

function documented(report: AnyReport): string {
  if (!isTraining(report)) {
    throw new TypeError("a table of documentation is made from a report of training");
  }
  const day = report.date.slice(0, 10);
  const rounds = Math.max(0, ...report.results.map((row) => row.rounds?.count ?? 0));
  return `\n${describeMachine(report.machine)}, ${day}; medians of ${rounds} rounds that took turns, ± half of their 95% interval.\n\n${trainingMarkdown(report)}\n`;
}
