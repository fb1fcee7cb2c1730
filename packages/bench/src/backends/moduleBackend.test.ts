import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterAll, beforeAll, expect, it } from "vitest";
import { isUnavailable } from "./isUnavailable.js";
import { loadBackendModule, openBackendModule } from "./moduleBackend.js";
import { resolveModule } from "./resolveModule.js";

const fixtures = fileURLToPath(new URL("../../fixtures", import.meta.url));
let folder: string;

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), "convoy-bench-modules-"));
  const packageFile = (name: string, content: object) =>
    file(`node_modules/${name}/package.json`, JSON.stringify({ name, ...content }));
  packageFile("backend-plain", { main: "main.js" });
  file("node_modules/backend-plain/main.js", "");
  packageFile("@scope/backend-x", { type: "module", exports: { ".": { types: "./x.d.ts", import: "./x.js" } } });
  file("node_modules/@scope/backend-x/x.js", "export const x = 1;");
  packageFile("@scope/no-entry", { exports: { "./other": "./other.js" } });
  file("own.mjs", "");
  file("typed.ts", "");
  mkdirSync(join(folder, "project/src"), { recursive: true });
});

afterAll(() => rmSync(folder, { recursive: true }));

function file(path: string, content: string): void {
  mkdirSync(dirname(join(folder, path)), { recursive: true });
  writeFileSync(join(folder, path), content);
}

/** A backend that has all members and can do nothing. */
function paper(name = "paper", onDispose: () => void = () => undefined) {
  const never = () => {
    throw new Error("not to be called");
  };
  return {
    ...{ name, device: { name: "paper", details: {} }, fusions: [], supports: never, createBuffer: never },
    ...{ compile: never, synchronize: never, memory: never, dispose: async () => onDispose() },
  };
}

/** Opens the backend of a module with these exports. */
async function opened(exported: object, choice = "./own.mjs") {
  return await openBackendModule(await loadBackendModule(choice, folder, async () => exported));
}

it("finds files from the current folder on, and packages that are installed there or beside bench", () => {
  const address = (path: string) => pathToFileURL(join(folder, path)).href;
  expect(resolveModule("./own.mjs", folder)).toBe(address("own.mjs"));
  expect(resolveModule("own.mjs", folder)).toBe(address("own.mjs"));
  expect(resolveModule("../../own.mjs", join(folder, "project/src"))).toBe(address("own.mjs"));
  expect(resolveModule(join(folder, "own.mjs"), "/")).toBe(address("own.mjs"));
  expect(resolveModule(address("own.mjs"), "/")).toBe(address("own.mjs"));
  const inner = join(folder, "project/src");
  expect(resolveModule("backend-plain", inner)).toBe(address("node_modules/backend-plain/main.js"));
  expect(resolveModule("@scope/backend-x", inner)).toBe(address("node_modules/@scope/backend-x/x.js"));
  expect(resolveModule("commander", folder)).toMatch(/^file:.*commander/);
});

it("says where it looked for what is not there", () => {
  expect(() => resolveModule("./none.js", folder)).toThrow(
    `--backend ./none.js: there is no module ${join(folder, "none.js")}. Name the file that exports the backend`,
  );
  expect(() => resolveModule("@scope/none", folder)).toThrow(
    `--backend @scope/none: no such package, neither from ${folder} nor beside bench. Install it with npm install @scope/none`,
  );
  expect(() => resolveModule("other.mjs", folder)).toThrow(`there is no module ${join(folder, "other.mjs")}`);
  expect(() => resolveModule("@scope/no-entry", folder)).toThrow("no such package");
  expect(() => resolveModule("fs", folder)).toThrow("no such package");
});

it("opens the default export, the named one, or the only one that gives a backend", async () => {
  const named = await openBackendModule(await loadBackendModule("./otherBackend.js#impostor", fixtures));
  expect(named.name).toBe("reference");
  const byDefault = await openBackendModule(await loadBackendModule("./otherBackend.js", fixtures));
  expect([byDefault.name, byDefault.device.name]).toEqual(["other", "a device of its own"]);
  const exported = {
    version: "1",
    Thing: class {},
    needs: (_: string) => paper("no"),
    help: () => "text",
    mine: () => paper(),
  };
  expect((await opened(exported)).name).toBe("paper");
  expect((await opened({ mine: async () => paper("late") })).name).toBe("late");
});

it("says which exports there are where none can be the one", async () => {
  await expect(opened({ version: "1", Thing: class {} })).rejects.toThrow(
    "--backend ./own.mjs: no exported function that gives a backend without being given arguments; it exports version, Thing. " +
      "Export one by default, or name the export: --backend ./own.mjs#myBackend",
  );
  await expect(opened({})).rejects.toThrow("it exports nothing");
  await expect(opened({ a: 1 }, "./own.mjs#b")).rejects.toThrow('the module exports no function "b"; it exports a');
  await expect(opened({ one: () => 1, two: () => 2 })).rejects.toThrow(
    "none of its functions gives a backend (one, two); name the export: --backend ./own.mjs#one",
  );
});

it("does not choose between two backends, and disposes both", async () => {
  const disposed: string[] = [];
  const make = (name: string) => () => paper(name, () => void disposed.push(name));
  await expect(opened({ one: make("one"), two: make("two") })).rejects.toThrow(
    "more than one of its functions gives a backend (one, two); name the export: --backend ./own.mjs#one",
  );
  expect(disposed).toEqual(["one", "two"]);
});

it("says what is missing from something that is no backend", async () => {
  await expect(openBackendModule(await loadBackendModule("./otherBackend.js#half", fixtures))).rejects.toThrow(
    "--backend ./otherBackend.js#half: half() gives no backend; missing: device.name (a string), device.details (an object), " +
      "fusions (an array, may be empty), createBuffer(), compile(), synchronize(), memory(), dispose()",
  );
  await expect(opened({ default: () => 3 })).rejects.toThrow("default() gives no backend; missing: all of it");
});

it("hands on why a backend is unavailable", async () => {
  const open = openBackendModule(await loadBackendModule("./otherBackend.js#unavailable", fixtures));
  const error = await open.catch((reason: unknown) => reason);
  expect(isUnavailable(error)).toBe(true);
  expect((error as Error).message).toBe("other: no such card in this machine");
  const unavailable = () => Promise.reject(error);
  await expect(opened({ help: () => "text", unavailable })).rejects.toBe(error);
  expect((await opened({ unavailable, mine: () => paper() })).name).toBe("paper");
});

it("says why a module cannot be loaded", async () => {
  const failing = (error: Error, choice = "./own.mjs") =>
    loadBackendModule(choice, folder, () => Promise.reject(error));
  await expect(failing(new Error("Cannot find package 'left' imported from own.mjs"))).rejects.toThrow(
    /^--backend .\/own.mjs: file:.*own.mjs cannot be loaded: Cannot find package 'left' imported from own.mjs$/,
  );
  const extension = Object.assign(new TypeError("Unknown file extension"), { code: "ERR_UNKNOWN_FILE_EXTENSION" });
  await expect(failing(extension, "./typed.ts")).rejects.toThrow(
    `Node ${process.versions.node} cannot run this TypeScript file. Build it and pass the .js file; from Node 22.18 on`,
  );
});
