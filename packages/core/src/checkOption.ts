import { ArgumentError } from "./errors.js";
import { likelyName } from "./names.js";

/** Throws unless `value` is an integer of at least `min`. */
export function expectCount(what: string, value: number, min = 1): number {
  if (!Number.isInteger(value) || value < min) {
    throw new ArgumentError(`${what} is ${value}, expected an integer of at least ${min}`);
  }
  return value;
}

/** Throws unless `value` is a seed: an integer from 0 to 2^53 - 1. */
export function expectSeed(what: string, value: number): number {
  if (!Number.isSafeInteger(value) || value < 0) {
    throw new ArgumentError(`${what} is ${value}, expected an integer from 0 to 2^53 - 1`);
  }
  return value;
}

/** Throws unless `min <= value < max`. */
export function expectRange(what: string, value: number, min: number, max: number): number {
  if (!(typeof value === "number" && value >= min && value < max)) {
    throw new ArgumentError(`${what} is ${value}, expected a number in [${min}, ${max})`);
  }
  return value;
}

/**
 * Throws for an option that is not known, with the one that was probably meant, and for one that is needed and missing. Options
 * that are undefined count as left out.
 */
export function checkOptions<T extends object>(
  what: string,
  options: T,
  known: readonly string[],
  required: readonly string[] = [],
): T {
  if (typeof options !== "object" || options === null) {
    throw new ArgumentError(`${what} takes an object of options, such as { ${known[0]}: ... }, got ${String(options)}`);
  }
  const given = options as Readonly<Record<string, unknown>>;
  for (const name of Object.keys(given)) {
    if (!known.includes(name)) {
      const likely = likelyName(name, known);
      throw new ArgumentError(
        `${what}: unknown option ${name}${likely ? `: did you mean ${likely}?` : "."} Known: ${known.join(", ")}`,
      );
    }
  }
  for (const name of required) {
    if (given[name] === undefined) {
      throw new ArgumentError(`${what}: option ${name} is missing; it has no default`);
    }
  }
  return options;
}
