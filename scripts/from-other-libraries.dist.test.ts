import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { transformSync } from "@swc/core";
import { expect, it } from "vitest";
import { documentedCode } from "./documentedCode.js";
import { root } from "./tools.mjs";

const reason = process.env.CONVOY_DATA_DIR ? "" : " (skipped: CONVOY_DATA_DIR is not set)";

/** What stands in front of a page's code: little data, and the model files that it reads. */
const preparations: Readonly<Record<string, string>> = {
  "docs/from-keras.md": `
import { saveModel as write } from "@convoy/formats";
await write(applications.vgg16({ includeTop: false, inputShape: [32, 32, 3], seed: 1 }), "vgg16_weights_tf_dim_ordering_tf_kernels_notop.h5");
await write(sequential([layers.flatten({ inputShape: [28, 28, 1] }), layers.dense({ units: 10 })]), "digits.keras");
`,
  "docs/from-tensorflow-js.md": `
import { saveModel as write } from "@convoy/formats";
await write(sequential([layers.conv2d({ filters: 2, kernelSize: 3, inputShape: [8, 8, 3], name: "features" }), layers.flatten()]), "mobilenet/model.json");
`,
};

const few = `
function few({ train, test }) {
  const first = ({ images, labels }, count) => ({
    images: { ...images, data: images.data.subarray(0, count * 784), shape: [count, 28, 28, 1] },
    labels: { ...labels, data: labels.data.subarray(0, count), shape: [count] },
  });
  return { train: first(train, 320), test: first(test, 100) };
}
`;

/** The code of a page as a program, with less data, epochs and pixels. */
function program(page: string): string {
  const { text } = documentedCode(readFileSync(join(root, page), "utf8"));
  const smaller = text
    .replaceAll("await mnist()", "few(await mnist())")
    .replaceAll("epochs: 5", "epochs: 1")
    .replaceAll("[224, 224, 3]", "[32, 32, 3]");
  const { code } = transformSync(smaller, {
    filename: "page.ts",
    jsc: { parser: { syntax: "typescript" }, target: "es2022" },
    module: { type: "es6" },
  });
  const imports = code.match(/^import [^;]+;$/gm)!.join("\n");
  return `${imports}\n${few}\n${preparations[page]}\n${code.replaceAll(/^import [^;]+;$/gm, "")}`;
}

for (const page of Object.keys(preparations)) {
  it.skipIf(reason !== "")(
    `the code of ${page} runs to its end${reason}`,
    () => {
      const folder = realpathSync(mkdtempSync(join(tmpdir(), "convoy-page-")));
      try {
        symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
        writeFileSync(join(folder, "page.mjs"), program(page));
        const { status, stdout, stderr } = spawnSync(process.execPath, ["page.mjs"], { cwd: folder, encoding: "utf8" });
        expect(stderr).toBe("");
        expect(status).toBe(0);
        expect(stdout).toMatch(/Test accuracy: 0\.\d+, loss: \d/);
        expect(stdout.match(/Total params/g)!.length).toBeGreaterThan(1);
      } finally {
        rmSync(folder, { recursive: true });
      }
    },
    300_000,
  );
}
