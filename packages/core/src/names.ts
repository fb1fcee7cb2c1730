import { ArgumentError, listNames } from "./errors.js";

/** Looks `name` up in a table and throws `ArgumentError` with the known names, and the likely one, when it is not there. */
export function lookUp<T>(what: string, name: string, table: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(table, name)) {
    return table[name] as T;
  }
  const likely = Object.keys(table).find((known) => plain(known) === plain(name));
  throw new ArgumentError(
    `unknown ${what} "${name}"${likely ? `: did you mean "${likely}"?` : "."} Known: ${listNames(Object.keys(table))}`,
  );
}

/** Spelling without case, underscores and hyphens: Keras' snake_case names find their TypeScript spelling. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}
