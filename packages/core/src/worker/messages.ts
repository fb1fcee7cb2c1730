import * as errors from "../errors.js";

/** What the starting thread sends: a call of a function by its name. */
export interface CallMessage {
  readonly call: number;
  readonly name: string;
  readonly args: readonly unknown[];
}

/** What a worker sends: first that it is ready, then calls of what it was given, and the outcome of each call. */
export type WorkerMessage =
  | { readonly ready: readonly string[] }
  | { readonly call: number; readonly callback: number; readonly args: readonly unknown[] }
  | { readonly call: number; readonly value: unknown }
  | { readonly call: number; readonly error: PlainError };

/** An error as plain data. */
export interface PlainError {
  readonly name: string;
  readonly message: string;
  readonly stack: string | undefined;
}

/** Stands for a function among arguments. */
const marker = "@convoy/core/worker callback";

/** Arguments without their functions, which stay behind in `functions`. */
export function withoutFunctions(args: readonly unknown[], functions: ((...args: unknown[]) => unknown)[]): unknown[] {
  const replaced = (value: unknown): unknown => {
    if (typeof value === "function") {
      functions.push(value as (typeof functions)[number]);
      return { [marker]: functions.length - 1 };
    }
    return isPlainObject(value)
      ? Object.fromEntries(Object.entries(value).map(([key, each]) => [key, replaced(each)]))
      : value;
  };
  return args.map(replaced);
}

/** Arguments with functions where there were some before. */
export function withFunctions(args: readonly unknown[], make: (callback: number) => () => void): unknown[] {
  const restored = (value: unknown): unknown => {
    if (!isPlainObject(value)) {
      return value;
    }
    const callback = value[marker];
    return typeof callback === "number"
      ? make(callback)
      : Object.fromEntries(Object.entries(value).map(([key, each]) => [key, restored(each)]));
  };
  return args.map(restored);
}

function isPlainObject(value: unknown): value is Readonly<Record<string, unknown>> {
  const prototype = typeof value === "object" && value !== null ? Object.getPrototypeOf(value) : undefined;
  return prototype === Object.prototype || (prototype === null && value !== null);
}

/** An error, or whatever was thrown, as plain data. */
export function plainError(error: unknown): PlainError {
  return error instanceof Error
    ? { name: error.name, message: error.message, stack: error.stack }
    : { name: "Error", message: String(error), stack: undefined };
}

/** An error of the class that it had, where that is one of Convoy's; else an `Error` of the same name. */
export function restoredError({ name, message, stack }: PlainError): Error {
  const Class = (errors as unknown as Readonly<Record<string, unknown>>)[name];
  const error =
    typeof Class === "function" && Class.prototype instanceof Error
      ? (Reflect.construct(Class, [message]) as Error)
      : Object.assign(new Error(message), { name });
  if (stack !== undefined) {
    error.stack = `${stack}\n    in a worker`;
  }
  return error;
}
