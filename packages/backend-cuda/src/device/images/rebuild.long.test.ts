import { spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

// At fixed addresses nvcc gives the same assembly every time; another version of it gives another.
const check = `
  import { mkdtempSync, rmSync } from "node:fs";
  import { tmpdir } from "node:os";
  import { join } from "node:path";
  import { canFixAddresses, compilePtx, nvccRelease, toolkitFolder } from "../../../test/scripts/nvcc.mjs";
  import { sha256 } from "../../../test/scripts/sources.mjs";
  const toolkit = toolkitFolder();
  if (toolkit && canFixAddresses()) {
    const folder = mkdtempSync(join(tmpdir(), "convoy-rebuild-"));
    console.log(JSON.stringify({ nvcc: nvccRelease(toolkit), ptxSha256: sha256(compilePtx(toolkit, join(folder, "convoy.ptx"))) }));
    rmSync(folder, { recursive: true });
  }
`;
const root = new URL("../../../", import.meta.url);
const manifest = JSON.parse(readFileSync(new URL("prebuilt/manifest.json", root), "utf8")) as {
  nvcc: string;
  images: Record<string, string>;
};

it("nvcc makes the committed image out of the sources", ({ skip }) => {
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module", "--eval", check], {
    cwd: root,
    encoding: "utf8",
  });
  expect(stderr).toBe("");
  skip(stdout === "", "there is no nvcc, or no way to run it at fixed addresses");
  const rebuilt = JSON.parse(stdout) as { nvcc: string; ptxSha256: string };
  skip(rebuilt.nvcc !== manifest.nvcc, `nvcc is ${rebuilt.nvcc}, the image was made with ${manifest.nvcc}`);
  expect(rebuilt.ptxSha256).toBe(manifest.images["prebuilt/convoy.ptx.br"]);
});
