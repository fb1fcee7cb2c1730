import { spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { saveModel } from "../saveModel.js";
import { stack } from "../testing/sampleModels.js";

const cli = fileURLToPath(new URL("../../dist/cli/main.js", import.meta.url));

function run(folder: string, ...args: string[]): { status: number | null; out: string; error: string } {
  const { status, stdout, stderr } = spawnSync(process.execPath, [cli, ...args], { cwd: folder, encoding: "utf8" });
  return { status, out: stdout, error: stderr };
}

test("the built command converts and inspects", async () => {
  const folder = mkdtempSync(join(tmpdir(), "convoy-formats-cli-"));
  try {
    await saveModel(stack(), join(folder, "stack.keras"));
    expect(run(folder, "convert", "stack.keras", "web/model.json")).toEqual({
      status: 0,
      out: "web/model.json: written as tfjs\n",
      error: "",
    });
    expect(readdirSync(join(folder, "web")).sort()).toEqual([
      expect.stringMatching(/^group1-shard1of1-[0-9a-f]{16}\.bin$/),
      "model.json",
    ]);
    const { status, out } = run(folder, "inspect", "web/model.json");
    expect(status).toBe(0);
    expect(out).toMatch(/format: TensorFlow.js layers model/);
    expect(run(folder, "inspect", "none.h5")).toMatchObject({
      status: 1,
      error: expect.stringMatching(/no such file/),
    });
    expect(run(folder)).toMatchObject({ status: 2, error: expect.stringMatching(/Usage/) });
  } finally {
    rmSync(folder, { recursive: true });
  }
});
