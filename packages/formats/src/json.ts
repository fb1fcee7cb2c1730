import { type JsonValue, ModelFileError } from "@convoy/core";

/** An object of a JSON file. */
export interface JsonObject {
  readonly [name: string]: JsonValue;
}

/** How deep JSON may be nested: far more than models need, far less than would overflow the stack. */
const maxDepth = 500;

/** JSON from a text. Throws `ModelFileError` where it is none, or nested deeper than any model. */
export function parseJson(what: string, text: string): JsonValue {
  let value: JsonValue;
  try {
    value = JSON.parse(text);
  } catch (error) {
    const message = error instanceof Error ? error.message : String(error);
    throw new ModelFileError(`${what} is no JSON: ${message}`, { cause: error });
  }
  checkDepth(what, value);
  return value;
}

function checkDepth(what: string, root: JsonValue): void {
  let level: JsonValue[] = [root];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > maxDepth) {
      throw new ModelFileError(`${what} is nested more than ${maxDepth} levels deep, which no model is`);
    }
    const next: JsonValue[] = [];
    for (const value of level) {
      if (typeof value === "object" && value !== null) {
        for (const inner of Object.values(value)) {
          if (typeof inner === "object" && inner !== null) {
            next.push(inner);
          }
        }
      }
    }
    level = next;
  }
}

/** Whether it is an object and no array. */
export function isObject(value: JsonValue | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** Whether it is an array. */
export function isList(value: JsonValue | undefined): value is readonly JsonValue[] {
  return Array.isArray(value);
}

/** A value as messages show it. */
export function brief(value: JsonValue | undefined): string {
  const text = JSON.stringify(value) ?? "missing";
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}

/** Throws `ModelFileError` unless it is an object. */
export function expectObject(what: string, value: JsonValue | undefined): JsonObject {
  if (!isObject(value)) {
    throw new ModelFileError(`${what} is ${brief(value)}, expected an object`);
  }
  return value;
}

/** Throws `ModelFileError` unless it is an array. */
export function expectList(what: string, value: JsonValue | undefined): readonly JsonValue[] {
  if (!isList(value)) {
    throw new ModelFileError(`${what} is ${brief(value)}, expected an array`);
  }
  return value;
}

/** Throws `ModelFileError` unless it is a text. */
export function expectText(what: string, value: JsonValue | undefined): string {
  if (typeof value !== "string") {
    throw new ModelFileError(`${what} is ${brief(value)}, expected a text`);
  }
  return value;
}

/** Throws `ModelFileError` unless it is an array of sizes. */
export function expectSizes(what: string, value: JsonValue | undefined): readonly number[] {
  const sizes = expectList(what, value);
  for (const size of sizes) {
    if (!Number.isSafeInteger(size) || (size as number) < 0) {
      throw new ModelFileError(`${what} is ${brief(value)}, expected sizes`);
    }
  }
  return sizes as readonly number[];
}
