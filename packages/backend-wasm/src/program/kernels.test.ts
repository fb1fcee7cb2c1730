import { readdirSync, readFileSync } from "node:fs";
import { expect, it } from "vitest";
import { kernels } from "./kernels.js";

const folder = new URL("../../assembly/", import.meta.url);
const sources = readdirSync(folder).map((name) => readFileSync(new URL(name, folder), "utf8"));
const program = readFileSync(new URL("program.ts", folder), "utf8");

/** Fields of the argument classes in `assembly/`, those of the parent class first, as `name: type`. */
const classFields = new Map<string, string[]>();
const parents = new Map<string, string>();
for (const source of sources) {
  for (const [, name, parent, body] of source.matchAll(/export class (\w+)(?: extends (\w+))? \{(.*?)\n\}/gs)) {
    const fields = [...body!.matchAll(/^ {2}(\w+): (\w+);/gm)];
    classFields.set(
      name!,
      fields.map(([, field, type]) => `${field}: ${type === "usize" ? "address" : type}`),
    );
    if (parent) {
      parents.set(name!, parent);
    }
  }
}

function fieldsOf(name: string): string[] {
  const parent = parents.get(name);
  return [...(parent ? fieldsOf(parent) : []), ...(classFields.get(name) ?? [])];
}

it("numbers the kernels as the interpreter does", () => {
  const [, body] = program.match(/const enum Kernel \{(.*?)\}/s)!;
  expect(Object.keys(kernels)).toEqual([...body!.matchAll(/(\w+),/g)].map(([, name]) => name));
});

it("writes the settings that each kernel reads, in its order", () => {
  const read = new Map(
    [...program.matchAll(/case Kernel\.(\w+): return \w+\(changetype<(\w+)>/g)].map(([, kernel, name]) => [
      kernel!,
      name!,
    ]),
  );
  for (const [kernel, settings] of Object.entries(kernels)) {
    const written = Object.entries(settings).map(([name, type]) => `${name}: ${type}`);
    expect(written, kernel).toEqual(fieldsOf(read.get(kernel) ?? ""));
  }
});
