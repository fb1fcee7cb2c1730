import { brief, type Config, isConfig, type JsonValue } from "../../config.js";
import { ModelFileError } from "../../errors.js";

/** "topology, layer base/conv2d" */
export function place(path: readonly string[]): string {
  return path.length === 0 ? "topology" : `topology, layer ${path.join("/")}`;
}

/** Runs what may refuse what the file says. Errors say where that is. */
export function within<T>(path: readonly string[], className: string, work: () => T): T {
  try {
    return work();
  } catch (error) {
    if (error instanceof ModelFileError) {
      throw error;
    }
    // Options of wrong types may make any error; whatever it is, the file is what is wrong.
    const message = error instanceof Error ? error.message : String(error);
    throw new ModelFileError(`${place(path)} (${className}): ${message}`, { cause: error });
  }
}

export function expectString(path: readonly string[], what: string, value: JsonValue | undefined): string {
  if (typeof value !== "string") {
    throw new ModelFileError(`${place(path)}: ${what} is ${brief(value)}, expected a string`);
  }
  return value;
}

export function expectList(path: readonly string[], what: string, value: JsonValue | undefined): readonly JsonValue[] {
  if (!Array.isArray(value)) {
    throw new ModelFileError(`${place(path)}: ${what} is ${brief(value)}, expected an array`);
  }
  return value;
}

export function expectConfig(path: readonly string[], what: string, value: JsonValue | undefined): Config {
  if (!isConfig(value)) {
    throw new ModelFileError(`${place(path)}: ${what} is ${brief(value)}, expected an object`);
  }
  return value;
}

function isShape(value: JsonValue): value is readonly number[] {
  return Array.isArray(value) && value.every((size) => Number.isSafeInteger(size) && (size as number) > 0);
}

/** The options that every layer has. */
export function checkCommon(path: readonly string[], { name, trainable, inputShape }: Config): void {
  if (name !== undefined) {
    expectString(path, "name", name);
  }
  if (trainable !== undefined && typeof trainable !== "boolean") {
    throw new ModelFileError(`${place(path)}: trainable is ${brief(trainable)}, expected true or false`);
  }
  if (inputShape !== undefined && !isShape(inputShape)) {
    throw new ModelFileError(`${place(path)}: inputShape is ${brief(inputShape)}, expected sizes of at least 1`);
  }
}
