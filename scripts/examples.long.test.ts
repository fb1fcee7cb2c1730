import { spawnSync } from "node:child_process";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";

const folder = fileURLToPath(new URL("../examples/", import.meta.url));
const needsData = ["tutorial.mjs", "augmented.mjs", "cifar10.mjs", "transferLearning.mjs"];
/** What would take minutes otherwise. */
const smaller: Readonly<Record<string, readonly string[]>> = {
  "augmented.mjs": ["--samples", "256", "--epochs", "1", "--out", join(tmpdir(), "convoy-augmented.png")],
  "resnet.mjs": ["--samples", "128", "--epochs", "1"],
  "cifar10.mjs": ["--samples", "128", "--epochs", "1", "--out", join(tmpdir(), "convoy-cifar10-pictures")],
  "transferLearning.mjs": ["--samples", "64", "--size", "32", "--epochs", "1", "--fine-tuning", "1"],
};

for (const name of readdirSync(folder).filter((file) => file.endsWith(".mjs"))) {
  const reason =
    needsData.includes(name) && !process.env.CONVOY_DATA_DIR ? " (skipped: CONVOY_DATA_DIR is not set)" : "";
  it.skipIf(reason !== "")(`examples/${name} runs to its end${reason}`, () => {
    const { status, stdout, stderr } = spawnSync(process.execPath, [`${folder}${name}`, ...(smaller[name] ?? [])], {
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    expect(status).toBe(0);
    expect(stdout).toMatch(/accuracy/);
  });
}
