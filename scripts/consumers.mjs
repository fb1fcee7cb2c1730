// A user's program (consumer/consumer.ts) and the settings under which users compile it against the published types.
import { spawnSync } from "node:child_process";
import { cpSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "./tools.mjs";

/** What the programs of users know beside the language: browsers, browsers and Node, Node alone. */
export const environments = [
  { name: "browsers", lib: ["ES2023", "DOM"], types: [] },
  { name: "browsers and Node", lib: ["ES2023", "DOM"], types: ["node"] },
  { name: "Node", lib: ["ES2023"], types: ["node"] },
];

/**
 * Lays a user's program into a folder whose `node_modules` holds the packages.
 * @param {string} folder
 */
export function writeConsumer(folder) {
  cpSync(join(root, "scripts/consumer/consumer.ts"), join(folder, "consumer.ts"));
  for (const [index, { lib, types }] of environments.entries()) {
    const compilerOptions = {
      target: "es2023",
      module: "nodenext",
      lib,
      types,
      strict: true,
      skipLibCheck: false,
      outDir: "compiled",
    };
    writeFileSync(join(folder, `tsconfig.${index}.json`), JSON.stringify({ compilerOptions, files: ["consumer.ts"] }));
  }
}

/**
 * Compiles the program for one of `environments` and returns what the compiler says against it: "" when it has no objection.
 * @param {string} folder
 * @param {string} compiler path of tsc
 * @param {number} environment
 */
export function compileConsumer(folder, compiler, environment) {
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [compiler, "-p", `tsconfig.${environment}.json`, "--pretty", "false"],
    { cwd: folder, encoding: "utf8" },
  );
  const output = `${stdout}${stderr}`;
  return status !== 0 && output === "" ? `the compiler ended with status ${status}` : output;
}
