import { mkdtempSync, realpathSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";

/** A new folder, which goes with its files when the tests of this module are done. */
export function temporaryFolder(): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "convoy-saving-")));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}
