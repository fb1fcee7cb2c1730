// Who may import whom. `npm run lint` holds these arrows; tests may look at everything in their own package.
import { coreImports } from "./scripts/importTable.mjs";

const core = "^packages/core/src";
/** Tests, and what a folder named testing holds for them. */
const tests = "([.]test|/testing/[^/]+)[.]ts$";
const backends = "^(packages/backend-[^/]+|templates/backend)/";
/** Where a backend runs the ops that it has no kernel for yet. */
const fallback = "src/run/hostFallback[.]ts$";
/** Paths of these files and folders of core, as a regular expression. */
const inCore = (/** @type {readonly string[]} */ names) => `${core}/(${names.join("|")})(/|[.]ts$)`;

/** @type {import("dependency-cruiser").IConfiguration} */
export default {
  forbidden: [
    {
      name: "no-circles",
      comment:
        "Files that import each other in a circle can only be understood together. Move what both need to a third.",
      severity: "error",
      from: { pathNot: tests },
      to: { circular: true },
    },
    ...Object.entries(coreImports).map(([name, allowed]) => ({
      name: `core-${name}`,
      comment: `${name} may import only ${allowed.join(", ") || "nothing"}.`,
      severity: /** @type {const} */ ("error"),
      from: { path: inCore([name]), pathNot: tests },
      to: { path: core, pathNot: inCore([name, ...allowed]) },
    })),
    {
      name: "core-unnamed",
      comment: "Say in scripts/importTable.mjs what this file or folder may import.",
      severity: "error",
      from: { path: core, pathNot: [inCore(Object.keys(coreImports)), tests] },
      to: { path: core },
    },
    {
      name: "core-is-the-bottom",
      comment: "Core imports no other package of this repository.",
      severity: "error",
      from: { path: "^packages/core/" },
      to: { path: "^(packages|templates)/", pathNot: "^packages/core/" },
    },
    {
      name: "backend-contract",
      comment: "A backend imports only @convoy/core/backend from core.",
      severity: "error",
      from: { path: backends, pathNot: [tests, fallback] },
      to: { path: core, pathNot: `${core}/backend/index[.]ts$` },
    },
    {
      name: "backend-tests",
      comment: "The tests of a backend, and its host fallback, import only what core exports.",
      severity: "error",
      from: { path: `${backends}.*(${tests}|${fallback})` },
      to: { path: core, pathNot: `${core}/(index|(backend|conformance|datasets|reference)/index)[.]ts$` },
    },
    {
      name: "backend-to-backend",
      comment: "A backend imports no other backend.",
      severity: "error",
      from: { path: backends },
      to: { path: backends, pathNot: "^$1/" },
    },
    {
      name: "formats-over-core",
      comment: "Formats builds models out of what core exports, and knows no backend.",
      severity: "error",
      from: { path: "^packages/formats/", pathNot: tests },
      to: { path: "^(packages|templates)/", pathNot: `^packages/formats/|${core}/(index|datasets/index)[.]ts$` },
    },
    {
      name: "images-over-core",
      comment: "Images makes data sets out of what core exports.",
      severity: "error",
      from: { path: "^packages/images/", pathNot: tests },
      to: { path: "^(packages|templates)/", pathNot: `^packages/images/|${core}/(index|datasets/index)[.]ts$` },
    },
    {
      name: "distributed-over-contract",
      comment: "Distributed wraps whatever keeps the contract, makes plans of what core exports, and knows no backend.",
      severity: "error",
      from: { path: "^packages/distributed/", pathNot: [tests, "/testing/"] },
      to: { path: "^(packages|templates)/", pathNot: `^packages/distributed/|${core}/(index|backend/index)[.]ts$` },
    },
    {
      name: "bench-is-the-top",
      comment: "Nothing imports bench, except what stands for a user's program.",
      severity: "error",
      from: { pathNot: "^(packages/bench|scripts/consumer)/" },
      to: { path: "^packages/bench/" },
    },
    {
      name: "resolvable",
      comment: "An import that cannot be followed cannot be checked.",
      severity: "error",
      from: { path: "^packages/" },
      to: { path: "^([.#]|@convoy/)", couldNotResolve: true },
    },
  ],
  options: {
    // TypeScript 7 has no programming interface; swc reads the imports, those of types included.
    parser: "swc",
    tsPreCompilationDeps: true,
    exclude: "(^|/)(dist|node_modules)/",
    enhancedResolveOptions: {
      exportsFields: ["exports"],
      conditionNames: ["@convoy/source", "import", "node", "default"],
    },
  },
};
