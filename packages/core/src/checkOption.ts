import { ArgumentError } from "./errors.js";

/** Throws unless `value` is an integer of at least `min`. */
export function expectCount(what: string, value: number, min = 1): number {
  if (!Number.isInteger(value) || value < min) {
    throw new ArgumentError(`${what} is ${value}, expected an integer of at least ${min}`);
  }
  return value;
}

/** Throws unless `min <= value < max`. */
export function expectRange(what: string, value: number, min: number, max: number): number {
  if (!(value >= min && value < max)) {
    throw new ArgumentError(`${what} is ${value}, expected a number in [${min}, ${max})`);
  }
  return value;
}
