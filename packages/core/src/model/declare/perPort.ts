import { ArgumentError } from "../../errors.js";
import { likelyName } from "../../names.js";

/** Something for each output: for the only one itself, else in order or by name. */
export type PerOutput<T> = T | readonly (T | undefined)[] | { readonly [output: string]: T | undefined };

/**
 * What was given for each input or output, in order; undefined where nothing was. An array counts as one for each. Throws
 * `ArgumentError` for another number of them and for names that there are not.
 */
export function byPort<T>(
  what: string,
  kind: "input" | "output",
  ports: readonly { readonly name: string }[],
  given: PerOutput<T> | undefined,
): (T | undefined)[] {
  if (given === undefined) {
    return ports.map(() => undefined);
  }
  const names = ports.map(({ name }) => name);
  const known = `the model has ${ports.length} ${kind}${ports.length === 1 ? "" : "s"}: ${names.join(", ")}`;
  if (Array.isArray(given)) {
    if (given.length !== ports.length) {
      throw new ArgumentError(`${what} has ${given.length} entries, ${known}; give one for each, in order or by name`);
    }
    return [...given];
  }
  if (typeof given !== "object") {
    throw new ArgumentError(`${what} is one value, ${known}; give one for each, in order or by name`);
  }
  for (const name of Object.keys(given as object)) {
    if (!names.includes(name)) {
      const likely = likelyName(name, names);
      throw new ArgumentError(
        `${what}: there is no ${kind} "${name}"${likely === undefined ? "" : `, did you mean "${likely}"?`}; ${known}`,
      );
    }
  }
  return names.map((name) => (given as Readonly<Record<string, T | undefined>>)[name]);
}
