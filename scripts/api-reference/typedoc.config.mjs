// The API reference: every entry point that the published packages have, under the name by which users import it.
import { relative } from "node:path";
import { fileURLToPath } from "node:url";
import { Converter, ReflectionKind } from "typedoc";
import { publishedPackages } from "../packing.mjs";

const root = fileURLToPath(new URL("../..", import.meta.url));

/** Names by entry file, both relative to the root. @type {Map<string, string>} */
const entryPoints = new Map(
  publishedPackages.flatMap(({ folder, manifest }) =>
    Object.entries(manifest.exports).flatMap(([path, target]) =>
      target["@convoy/source"]
        ? [[`${folder}/${target["@convoy/source"].slice(2)}`, `${manifest.name}${path.slice(1)}`]]
        : [],
    ),
  ),
);

/** Typedoc would call a module by its file. @param {import("typedoc").Application} app */
function nameModulesByImport(app) {
  app.converter.on(Converter.EVENT_CREATE_DECLARATION, (_, reflection) => {
    if (!reflection.kindOf(ReflectionKind.Module)) return;
    const file = reflection.sources?.[0]?.fullFileName ?? reflection.project.files.getReflectionPath(reflection);
    const name = file && entryPoints.get(relative(root, file).replaceAll("\\", "/"));
    if (name) reflection.name = name;
  });
}

/** @type {Partial<import("typedoc").TypeDocOptions>} */
export default {
  name: "Convoy",
  tsconfig: "tsconfig.json",
  entryPoints: [...entryPoints.keys()].map((file) => `../../${file}`),
  plugin: [nameModulesByImport],
  out: "../../docs/api",
  readme: "../../packages/core/README.md",
  sourceLinkTemplate: "https://github.com/convoy-js/convoy/blob/main/{path}#L{line}",
  disableGit: true,
  basePath: root,
  excludePrivate: true,
  treatWarningsAsErrors: true,
  packagesRequiringDocumentation: publishedPackages.map(({ manifest }) => manifest.name),
  requiredToBeDocumented: ["Enum", "Variable", "Function", "Class", "Interface", "TypeAlias"],
  validation: { notExported: true, invalidLink: true, rewrittenLink: true, notDocumented: true },
};
