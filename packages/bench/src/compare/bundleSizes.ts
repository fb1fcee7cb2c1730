import { mkdir, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { gzipSync } from "node:zlib";
import type * as vite from "vite";
import type { Counts } from "../ops/opClock.js";

/** Where each backend that runs in browsers is imported from; the native ones are never bundled. */
const modules: Readonly<Record<string, string>> = {
  reference: "@convoy/core/reference",
  wasm: "@convoy/backend-wasm",
  webgpu: "@convoy/backend-webgpu",
};

/**
 * Bytes of all of core and a backend as a page would load them: bundled, minified, and what a server sends of that. Workers count,
 * WASM modules do not. Empty for a backend that does not run in browsers.
 * @param root repository whose bundler, Vite, does it
 * @param folder version that is bundled, built
 */
export async function bundleSizes(root: string, folder: string, backend: string): Promise<Counts> {
  const module = modules[backend];
  if (module === undefined) {
    return {};
  }
  const { build } = (await import(bundlerOf(root))) as typeof vite;
  const program = join(folder, "node_modules/.bundle");
  await mkdir(program, { recursive: true });
  await writeFile(join(program, "entry.js"), `export * from "@convoy/core";\nexport * from "${module}";\n`);
  const bundle = await build({
    ...{ root: program, configFile: false, logLevel: "silent", worker: { format: "es" } },
    build: {
      ...{ write: false, target: "es2023", assetsInlineLimit: 0, modulePreload: false },
      rolldownOptions: { input: join(program, "entry.js"), preserveEntrySignatures: "strict" },
    },
  });
  const scripts = (bundle as vite.Rolldown.RolldownOutput).output.flatMap((part) =>
    part.fileName.endsWith(".js") ? [Buffer.from(part.type === "chunk" ? part.code : part.source)] : [],
  );
  const total = (bytes: (script: Buffer) => number): number => scripts.reduce((sum, script) => sum + bytes(script), 0);
  const name = `size of a bundle of core and ${backend}`;
  return {
    [`${name}, minified`]: total((script) => script.length),
    [`${name}, minified and gzipped`]: total((script) => gzipSync(script, { level: 9 }).length),
  };
}

function bundlerOf(root: string): string {
  return pathToFileURL(createRequire(join(root, "package.json")).resolve("vite")).href;
}
