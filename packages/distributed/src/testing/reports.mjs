import { writeFileSync } from "node:fs";
import { join } from "node:path";

/** Hands something over to the test that has started this process. */
export function report(rank, content) {
  writeFileSync(join(process.env.REPORT_FOLDER, String(rank)), JSON.stringify(content));
}
