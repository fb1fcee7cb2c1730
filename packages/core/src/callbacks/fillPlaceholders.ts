import { ArgumentError, listNames } from "../errors.js";

/**
 * A text with its placeholders filled in, as Python's `str.format` does for numbers: `{epoch}`, `{epoch:02d}`, `{val_loss:.3f}`,
 * also with the types e and g; `{{` and `}}` are braces. Throws `ArgumentError` for a name that is not among the values, with
 * those that are, and for a format that is none.
 */
export function fillPlaceholders(what: string, text: string, values: Readonly<Record<string, number>>): string {
  return text.replace(/\{\{|\}\}|\{([^{}:]*)(?::([^{}]*))?\}/g, (placeholder, name?: string, format?: string) => {
    if (name === undefined) {
      return placeholder[0]!;
    }
    const value = values[name];
    if (value === undefined) {
      throw new ArgumentError(
        `${what}: "${text}" has the placeholder {${name}}, but there is no such value; there are ${listNames(Object.keys(values))}`,
      );
    }
    return format === undefined || format === "" ? String(value) : formatNumber(what, value, format);
  });
}

/** Python's format of a number: a 0 to fill with zeros, a width, a number of places, a type. */
function formatNumber(what: string, value: number, format: string): string {
  const [, zero, width, , places, type] = /^(0?)(\d*)(\.(\d+))?([defg]?)$/.exec(format) ?? [];
  const text = type === undefined ? undefined : digits(value, places === undefined ? undefined : Number(places), type);
  if (text === undefined) {
    throw new ArgumentError(
      `${what}: "${format}" is no format of the number ${value}; formats are such as 02d, .2f, .3e`,
    );
  }
  const sign = text.startsWith("-") ? "-" : "";
  const length = Number(width ?? 0);
  return zero === "0" ? sign + text.slice(sign.length).padStart(length - sign.length, "0") : text.padStart(length);
}

function digits(value: number, places: number | undefined, type: string): string | undefined {
  switch (type) {
    case "d":
      return Number.isInteger(value) && places === undefined ? String(value) : undefined;
    case "f":
      return value.toFixed(places ?? 6);
    case "e":
      // Python writes exponents with two digits at least.
      return value.toExponential(places ?? 6).replace(/([+-])(\d)$/, "$10$2");
    case "g":
      return String(Number(value.toPrecision(Math.max(1, places ?? 6))));
    default:
      return places === undefined ? String(value) : String(Number(value.toPrecision(Math.max(1, places))));
  }
}
