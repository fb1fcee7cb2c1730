// Who may import whom in core. `npm run lint` holds it, a test keeps it as tight as the code, and the diagram in
// docs/architecture.md is drawn from it.

/**
 * What each file or folder of packages/core/src may import beside itself.
 * @type {Readonly<Record<string, readonly string[]>>}
 */
export const coreImports = {
  crc32: [],
  errors: [],
  random: [],
  tensor: [],
  tensorInput: ["errors", "tensor"],
  worker: ["errors"],
  names: ["errors"],
  checkOption: ["errors", "names"],
  config: ["errors", "names"],
  ops: ["errors"],
  plan: ["errors", "ops"],
  backend: ["errors", "ops", "plan", "random", "tensor"],
  reference: ["backend", "ops"],
  pipeline: ["checkOption", "errors", "layers", "random", "tensor", "tensorInput"],
  pictures: ["checkOption", "crc32", "errors", "tensor", "tensorInput"],
  datasets: ["checkOption", "crc32", "errors", "layers", "pipeline", "random", "tensor", "tensorInput"],
  initializers: ["config", "errors", "names", "ops", "random"],
  regularizers: ["config", "errors", "names"],
  constraints: ["config", "errors", "names", "ops", "plan"],
  layers: [
    ...["backend", "checkOption", "config", "constraints", "errors", "initializers", "names", "ops", "plan", "random"],
    ...["reference", "regularizers", "tensor", "tensorInput"],
  ],
  losses: ["checkOption", "config", "errors", "names", "ops", "plan"],
  metrics: ["checkOption", "config", "errors", "losses", "names", "ops", "plan", "tensor"],
  optimizers: ["checkOption", "config", "errors", "names", "ops", "plan"],
  saving: ["config", "errors", "ops", "tensor"],
  callbacks: ["checkOption", "config", "errors", "saving", "tensor"],
  model: [
    ...["backend", "callbacks", "checkOption", "config", "errors", "layers", "losses", "metrics", "names", "ops"],
    ...["optimizers", "pipeline", "plan", "random", "saving", "tensor", "tensorInput"],
  ],
  applications: ["checkOption", "errors", "layers", "model", "names"],
  conformance: [
    ...["backend", "callbacks", "datasets", "errors", "initializers", "layers", "losses", "metrics", "model", "ops"],
    ...["optimizers", "plan", "random", "reference", "tensor"],
  ],
  index: [
    ...["applications", "backend", "callbacks", "config", "constraints", "errors", "initializers", "layers", "losses"],
    ...["metrics", "model", "optimizers", "plan", "regularizers", "saving", "tensor"],
  ],
};

/**
 * Everything that `name` may reach by way of what it imports.
 * @param {string} name
 * @returns {Set<string>}
 */
export function reachable(name) {
  const direct = coreImports[name] ?? [];
  return new Set(direct.flatMap((to) => [to, ...reachable(to)]));
}

/**
 * The table as text: a line for each file or folder with what it imports and does not reach through another import anyway,
 * top down.
 * @returns {string}
 */
export function drawImports() {
  /** @type {(name: string) => number} */
  const height = (name) => 1 + Math.max(-1, ...(coreImports[name] ?? []).map(height));
  const names = Object.keys(coreImports).sort((a, b) => height(b) - height(a) || a.localeCompare(b));
  const width = Math.max(...names.map(({ length }) => length));
  return names
    .map((name) => {
      const direct = coreImports[name] ?? [];
      const shown = direct.filter((to) => !direct.some((other) => other !== to && reachable(other).has(to)));
      return `${name.padEnd(width)} -> ${shown.join(", ") || "nothing"}`;
    })
    .join("\n");
}
