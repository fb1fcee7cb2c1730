import { DataError } from "../errors.js";

/** What went wrong with an element of a data set. Stages further on let it pass as it is: it names the position already. */
export class ElementError extends DataError {}

/** The error for what a source or a user's function threw at an element; the cause is what it threw. */
export function failedAt(what: string, position: number, cause: unknown): Error {
  if (cause instanceof ElementError) {
    return cause;
  }
  const message = cause instanceof Error ? cause.message : String(cause);
  return new ElementError(`dataset: ${what} failed at element ${position}: ${message}`, { cause });
}
