import { spawnSync } from "node:child_process";
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { describe, expect, it } from "vitest";
import { documentedCode } from "./documentedCode.js";
import { publishedPackages } from "./packing.mjs";
import { root, typescript } from "./tools.mjs";

const folders = ["packages", "examples"].flatMap((parent) =>
  readdirSync(join(root, parent)).map((name) => `${parent}/${name}`),
);
const pages = [
  ...[".", "docs", "examples", ".github"].flatMap((folder) =>
    existsSync(join(root, folder))
      ? readdirSync(join(root, folder)).flatMap((name) => (name.endsWith(".md") ? [join(folder, name)] : []))
      : [],
  ),
  ...[...folders, "templates/backend"]
    .map((folder) => `${folder}/README.md`)
    .filter((path) => existsSync(join(root, path))),
].map((path) => ({ path: path.replaceAll("\\", "/"), text: readFileSync(join(root, path), "utf8") }));

/** Compiles pages as users would, against the sources of the packages, and returns the compiler's messages. */
function compile(modules: readonly { path: string; text: string }[]): string {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), "convoy-documentation-")));
  symlinkSync(join(root, "node_modules"), join(folder, "node_modules"), "junction");
  for (const { path, text } of modules) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, `${path}.ts`), text);
  }
  const compilerOptions = {
    customConditions: ["@convoy/source"],
    isolatedDeclarations: false,
    declaration: false,
    declarationMap: false,
    skipLibCheck: true,
    noEmit: true,
  };
  const settings = { extends: join(root, "tsconfig.base.json"), compilerOptions, include: ["**/*.md.ts"] };
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(settings));
  writeFileSync(join(folder, "package.json"), JSON.stringify({ type: "module" }));
  const { stdout, stderr } = spawnSync(process.execPath, [typescript, "-p", folder, "--pretty", "false"], {
    cwd: folder,
    encoding: "utf8",
  });
  rmSync(folder, { recursive: true });
  return `${stdout}${stderr}`;
}

describe("code in the documentation", () => {
  const code = pages.map(({ path, text }) => ({ path, ...documentedCode(text) }));

  it("compiles", () => {
    expect(code.reduce((sum, { blocks }) => sum + blocks, 0)).toBeGreaterThan(5);
    expect(compile(code.filter(({ blocks }) => blocks > 0))).toBe("");
  });

  it("asks to be left unchecked nowhere", () => {
    expect(code.flatMap(({ path, unchecked }) => unchecked.map((line) => `${path}:${line}`))).toEqual([]);
  });

  it("is found wrong where it is, by page and line", () => {
    const page = [
      "# Page",
      '```ts\nimport { layers, type Layer } from "@convoy/core";\n\nconst layer: Layer = layers.flatten();\n```',
      '```ts\nimport { layers, losses } from "@convoy/core";\n\nconst before = layer;\n```',
      "```ts src/index.ts\nthis belongs to a guide\n```",
      "```ts\nconst before = losses.nothing();\n```",
    ].join("\n");
    expect(compile([{ path: "page.md", ...documentedCode(page) }])).toMatch(
      /^page[.]md[.]ts\(16,\d+\): error TS2339: Property 'nothing' does not exist .*\n$/,
    );
  });
});

/** The headings of a page as GitHub turns them into anchors. */
function anchors(text: string): string[] {
  return [...text.matchAll(/^#+ (.*)$/gm)].map(([, heading]) =>
    heading!
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, "")
      .replaceAll(" ", "-"),
  );
}

describe("links in the documentation", () => {
  it.each(pages)("of $path lead to files and headings that are there", ({ path, text }) => {
    const prose = text.replace(/^ *```[\s\S]*?^ *```/gm, "").replace(/`[^`\n]*`/g, "");
    const dead = [...prose.matchAll(/\]\((?!https?:)([^)\s#]*)(?:#([^)\s]*))?\)/g)].flatMap(
      ([link, target, anchor]) => {
        const file = target === "" ? join(root, path) : join(root, dirname(path), target!);
        if (!existsSync(file)) return [link];
        return anchor && !anchors(readFileSync(file, "utf8")).includes(anchor) ? [link] : [];
      },
    );
    expect(dead).toEqual([]);
  });

  it("name commands of package.json alone", () => {
    const scriptsOf = (folder: string): string[] => {
      const file = join(root, folder, "package.json");
      return existsSync(file) ? Object.keys(JSON.parse(readFileSync(file, "utf8")).scripts ?? {}) : [];
    };
    const unknown = pages.flatMap(({ path, text }) =>
      [...text.matchAll(/npm run ([\w:-]+)(?: -w ([\w/-]+))?/g)].flatMap(([, name, workspace]) => {
        const known = workspace ? scriptsOf(workspace) : [...scriptsOf("."), ...scriptsOf(dirname(path))];
        return known.includes(name!) ? [] : [`${path}: npm run ${name}`];
      }),
    );
    expect(unknown).toEqual([]);
  });
});

describe.each(publishedPackages)("$manifest.name", ({ folder, manifest }) => {
  const repository = "git+https://github.com/convoy-js/convoy.git";
  const readme = existsSync(join(root, folder, "README.md"))
    ? readFileSync(join(root, folder, "README.md"), "utf8")
    : "";

  it("says where it comes from", () => {
    expect(manifest.repository).toEqual({ type: "git", url: repository, directory: folder });
    expect(manifest.homepage).toBe(`https://github.com/convoy-js/convoy/tree/main/${folder}#readme`);
    expect(manifest.bugs).toBe("https://github.com/convoy-js/convoy/issues");
    expect([manifest.author, manifest.license]).toEqual(["The Convoy authors", "MIT"]);
    expect(manifest.keywords).toEqual(expect.arrayContaining(["convoy", "typescript", "cnn"]));
    expect(existsSync(join(root, folder, "LICENSE"))).toBe(true);
  });

  it("has a README that says how to install it, with its peers", () => {
    expect(readme.split("\n")[0]).toBe(`# ${manifest.name}`);
    const installed = [...readme.matchAll(/^npm install (.*)$/gm)].flatMap(([, names]) => names!.split(/\s+/));
    const needed = Object.keys(manifest.peerDependencies ?? {}).filter(
      (name) => !manifest.peerDependenciesMeta?.[name]?.optional,
    );
    expect(installed).toEqual(expect.arrayContaining([manifest.name, ...needed]));
  });
});
