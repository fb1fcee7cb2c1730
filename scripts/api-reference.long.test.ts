import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { createRequire } from "node:module";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { publishedPackages } from "./packing.mjs";
import { root } from "./tools.mjs";

test("the API reference has every entry point, a doc comment for every export, and no dead link", () => {
  const folder = join(root, "scripts/api-reference");
  const entry = createRequire(join(folder, "package.json")).resolve("typedoc");
  const out = mkdtempSync(join(tmpdir(), "convoy-api-"));
  // Warnings count as errors.
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(dirname(entry), "../bin/typedoc"), "--out", out],
    {
      cwd: folder,
      encoding: "utf8",
      env: { ...process.env, NO_COLOR: "1" },
    },
  );
  expect(status, `${stdout}${stderr}`).toBe(0);
  const modules = readdirSync(join(out, "modules"));
  for (const { manifest } of publishedPackages) {
    for (const path of Object.keys(manifest.exports).filter((path) => path !== "./package.json")) {
      expect(modules).toContain(`${`${manifest.name}${path.slice(1)}`.replace(/[@/]/g, "_")}.html`);
    }
  }
  rmSync(out, { recursive: true });
});
