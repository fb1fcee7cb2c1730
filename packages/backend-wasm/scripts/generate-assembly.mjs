// Writes assembly/generated/ from the tables in src/program, as compiled in dist. With --check it only compares: a build never
// changes sources.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { generatedAssembly } from "../dist/program/assemblySource.js";

const folder = new URL("../assembly/generated/", import.meta.url);

/** @param {string} name */
function current(name) {
  try {
    return readFileSync(new URL(name, folder), "utf8");
  } catch {
    return undefined;
  }
}

const stale = Object.entries(generatedAssembly()).filter(([name, source]) => current(name) !== source);
if (process.argv.includes("--check")) {
  if (stale.length > 0) {
    const names = stale.map(([name]) => `assembly/generated/${name}`).join(", ");
    console.error(`${names}: not what src/program says. Run: npm run generate -w packages/backend-wasm`);
    process.exit(1);
  }
} else {
  mkdirSync(folder, { recursive: true });
  for (const [name, source] of stale) {
    writeFileSync(new URL(name, folder), source);
    console.log(`assembly/generated/${name}: written`);
  }
}
