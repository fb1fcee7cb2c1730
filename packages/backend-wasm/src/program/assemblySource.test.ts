import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { generatedAssembly } from "./assemblySource.js";

const folder = new URL("../../assembly/generated/", import.meta.url);

it("stands in assembly/generated as it is generated", () => {
  const generated = generatedAssembly();
  expect(readdirSync(folder).sort()).toEqual(Object.keys(generated).sort());
  for (const [name, source] of Object.entries(generated)) {
    const advice = `assembly/generated/${name}: run npm run generate -w packages/backend-wasm`;
    expect(readFileSync(new URL(name, folder), "utf8"), advice).toBe(source);
  }
});
