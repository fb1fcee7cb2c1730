// Prints the state of the committed kernel image as JSON: `changed`, the sources that have changed since it was built, and
// `toolkit`, the folder of nvcc. With `--rebuild` also `rebuilt`: the version of nvcc, and which functions of the image it does
// not build from the sources in any of its attempts: the image was built in one of them.
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";
import { attempts, canFixAddresses, compilePtx, functionsOf, nvccRelease, toolkitFolder } from "./nvcc.mjs";
import { hashesOf, kernelSources, packageRoot } from "./sources.mjs";

const manifest = join(packageRoot, "prebuilt/manifest.json");
/** @type {Record<string, string>} */
const then = existsSync(manifest) ? JSON.parse(readFileSync(manifest, "utf8")).sources : {};
const now = hashesOf(kernelSources());
const changed = [...new Set([...Object.keys(then), ...Object.keys(now)])].filter((file) => then[file] !== now[file]);
const toolkit = toolkitFolder();

/** @param {string} toolkit */
function differentFunctions(toolkit) {
  const packed = readFileSync(join(packageRoot, "prebuilt/convoy.ptx.br"));
  const committed = functionsOf(brotliDecompressSync(packed).toString("latin1"));
  let missing = [...committed.keys()];
  for (let attempt = 0; attempt < attempts && missing.length > 0; attempt++) {
    const made = functionsOf(compilePtx(toolkit, attempt));
    if (made.size !== committed.size) return [...new Set([...committed.keys(), ...made.keys()])];
    missing = missing.filter((name) => made.get(name) !== committed.get(name));
  }
  return missing;
}

const rebuilt =
  process.argv.includes("--rebuild") && toolkit && canFixAddresses()
    ? { nvcc: nvccRelease(toolkit), different: differentFunctions(toolkit) }
    : undefined;
process.stdout.write(`${JSON.stringify({ changed: changed.sort(), toolkit, rebuilt })}\n`);
