// Compiles assembly/ into dist/, once for each variant that the backend chooses from at run time.
import { spawnSync } from "node:child_process";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const packageRoot = dirname(dirname(fileURLToPath(import.meta.url)));
const compiler = join(dirname(createRequire(import.meta.url).resolve("assemblyscript/package.json")), "bin/asc.js");

const shared = ["--sharedMemory", "--maximumMemory", "65536", "--enable", "threads"];
const variants = {
  single: [],
  threads: shared,
  "threads-relaxed": [...shared, "--enable", "relaxed-simd"],
};

for (const [name, options] of Object.entries(variants)) {
  const { status } = spawnSync(
    process.execPath,
    [
      compiler,
      join(packageRoot, "assembly/index.ts"),
      "--outFile",
      join(packageRoot, `dist/kernels-${name}.wasm`),
      "--transform",
      join(packageRoot, "scripts/inlineComments.mjs"),
      "--runtime",
      "stub",
      "--importMemory",
      "--noAssert",
      // Vectors never cross to the host; the warning is about functions that other files import.
      "--disableWarning",
      "112",
      "--optimizeLevel",
      "3",
      "--shrinkLevel",
      "0",
      "--enable",
      "simd",
      ...options,
      ...process.argv.slice(2),
    ],
    { stdio: "inherit" },
  );
  if (status !== 0) process.exit(status ?? 1);
}
