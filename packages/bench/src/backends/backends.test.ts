import { expect, it } from "vitest";
import { type ImportModule, openBackend } from "./backends.js";

/** What Node says when a module is missing. */
function notFound(message: string): ImportModule {
  return () => Promise.reject(Object.assign(new Error(message), { code: "ERR_MODULE_NOT_FOUND" }));
}

it("opens the reference, which is always there", async () => {
  const backend = await openBackend("reference");
  expect(backend.name).toBe("reference");
  await backend.dispose();
});

it("hands on what it was told", async () => {
  const seen: unknown[] = [];
  const importModule: ImportModule = async () => ({ wasm: (options: unknown) => seen.push(options) });
  await openBackend("wasm", { threads: 3 }, importModule);
  await openBackend("wasm", {}, importModule);
  expect(seen).toEqual([{ threads: 3 }, {}]);
});

it("says that a package is not installed", async () => {
  const importModule = notFound("Cannot find package '@convoy/backend-cuda' imported from /somewhere/backends.js");
  await expect(openBackend("cuda", {}, importModule)).rejects.toThrow(/^@convoy\/backend-cuda is not installed$/);
});

it("says that a package is not built", async () => {
  const importModule = notFound("Cannot find module '/somewhere/dist/index.js' imported from /somewhere/backends.js");
  await expect(openBackend("wasm", {}, importModule)).rejects.toThrow(
    "@convoy/backend-wasm is incomplete, build it or install it again (missing: /somewhere/dist/index.js)",
  );
});

it("says that a package is of another version", async () => {
  await expect(openBackend("webgpu", {}, async () => ({}))).rejects.toThrow(
    "@convoy/backend-webgpu exports no function webgpu",
  );
});

it("leaves a backend's own error as it is", async () => {
  const error = new Error("cuda: no NVIDIA driver");
  const open = openBackend("cuda", {}, async () => ({ cuda: () => Promise.reject(error) }));
  await expect(open).rejects.toBe(error);
});
