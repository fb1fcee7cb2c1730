// Where the command line tools are. They are started through node itself, which works alike on every platform.
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

export const root = dirname(dirname(fileURLToPath(import.meta.url)));

const modules = join(root, "node_modules");

export const attw = join(modules, "@arethetypeswrong/cli/dist/index.js");
export const biome = join(modules, "@biomejs/biome/bin/biome");
export const changeset = join(modules, "@changesets/cli/bin.js");
export const dependencyCruiser = join(modules, "dependency-cruiser/bin/dependency-cruise.mjs");
export const publint = join(modules, "publint/src/cli.js");
export const typescript = join(modules, "typescript/bin/tsc");
export const turbo = join(modules, "turbo/bin/turbo");
export const vitest = join(modules, "vitest/vitest.mjs");

/** turbo.json cannot turn telemetry off. */
export const turboEnvironment = { ...process.env, TURBO_TELEMETRY_DISABLED: "1" };
