import { ArgumentError } from "@convoy/core";

/** Throws `ArgumentError` for an option that is not known. */
export function checkNames(what: string, options: object, known: readonly string[]): void {
  const unknown = Object.keys(options).find((name) => !known.includes(name));
  if (unknown !== undefined) {
    throw new ArgumentError(`${what}: unknown option ${unknown}. Known: ${known.join(", ")}`);
  }
}
