import { ArgumentError, listNames } from "./errors.js";

/** Looks `name` up in a table and throws `ArgumentError` with the known names, and the likely one, when it is not there. */
export function lookUp<T>(what: string, name: string, table: Readonly<Record<string, T>>): T {
  if (Object.hasOwn(table, name)) {
    return table[name] as T;
  }
  const likely = likelyName(name, Object.keys(table));
  throw new ArgumentError(
    `unknown ${what} "${name}"${likely ? `: did you mean "${likely}"?` : "."} Known: ${listNames(Object.keys(table))}`,
  );
}

/**
 * The name that was probably meant: the same without case, underscores and hyphens, so that Keras' snake_case finds its
 * TypeScript spelling, or else the nearest one that is at most a third of its letters away.
 */
export function likelyName(name: string, known: readonly string[]): string | undefined {
  const written = plain(name);
  const [nearest] = known
    .map((candidate) => ({ candidate, distance: editDistance(written, plain(candidate)) }))
    .sort((a, b) => a.distance - b.distance);
  return nearest !== undefined && nearest.distance <= Math.floor(written.length / 3) ? nearest.candidate : undefined;
}

/** Spelling without case, underscores and hyphens. */
function plain(name: string): string {
  return name.toLowerCase().replaceAll(/[_-]/g, "");
}

/** The least number of letters to add, drop or replace to make one word of the other (Levenshtein, 1966). */
function editDistance(from: string, to: string): number {
  let row = Array.from({ length: to.length + 1 }, (_, index) => index);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      const replaced = row[j - 1]! + (from[i - 1] === to[j - 1] ? 0 : 1);
      next.push(Math.min(replaced, row[j]! + 1, next[j - 1]! + 1));
    }
    row = next;
  }
  return row[to.length]!;
}
