import { ArgumentError } from "./errors.js";
import { lookUp } from "./names.js";

/** What JSON can say. */
export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/**
 * Options as plain JSON: names as the function takes them, every option with the value in effect, those without a default left
 * out where they were not given. Pairs are arrays; other objects, such as initializers, an `ObjectConfig`.
 */
export interface Config {
  readonly [option: string]: JsonValue;
}

/** An object as plain JSON: Keras' name of its class, and the options that make it. */
export interface ObjectConfig {
  readonly className: string;
  readonly config: Config;
}

/** What can be written into a model file and made again from there. Both are needed for that; one's own objects may have none. */
export interface Configured {
  /** Keras' class name: "HeNormal". */
  readonly className?: string;
  /** The options that make it. */
  readonly config?: Config;
}

/**
 * An object as plain JSON.
 * @param what it is called in the error: "kernelInitializer"
 * Throws `ArgumentError` where it does not say how it was made.
 */
export function objectConfig(what: string, { className, config }: Configured): { className: string; config: Config } {
  if (className === undefined || config === undefined) {
    throw new ArgumentError(
      `${what} does not say how it is made, so it cannot be saved; give it className, by which customObjects finds it when the ` +
        "model is loaded, and config, its options as plain JSON",
    );
  }
  return { className, config };
}

/**
 * How objects of one's own are made again from a file: functions of their config by class name. They come before Convoy's own
 * classes of the same name.
 */
export interface CustomObjects {
  // biome-ignore lint/suspicious/noExplicitAny: each function knows what options it wrote.
  readonly [className: string]: (config: any) => object;
}

/** What can be made from a config, by class name. */
export interface Classes<T> {
  readonly [className: string]: (config: never) => T;
}

/** An object from its plain JSON. Throws `ArgumentError` for a class that neither table has. */
export function fromObjectConfig<T>(
  what: string,
  value: JsonValue,
  classes: Classes<T>,
  customObjects: CustomObjects,
): T {
  const { className, config } = expectObjectConfig(what, value);
  if (Object.hasOwn(customObjects, className)) {
    return customObjects[className]!(config) as T;
  }
  if (!Object.hasOwn(classes, className)) {
    lookUp(`class of ${what}`, className, classes);
  }
  return classes[className]!(config as never);
}

/** Throws `ArgumentError` unless it is `{ className, config }`. */
export function expectObjectConfig(what: string, value: JsonValue | undefined): ObjectConfig {
  if (isConfig(value) && typeof value.className === "string" && isConfig(value.config)) {
    return { className: value.className, config: value.config };
  }
  throw new ArgumentError(`${what} is ${brief(value)}, expected { className, config }`);
}

/** Whether it is an object of options. */
export function isConfig(value: JsonValue | undefined): value is Config {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A value as messages show it. */
export function brief(value: JsonValue | undefined): string {
  let text: string;
  try {
    text = JSON.stringify(value) ?? "missing";
  } catch {
    // What is nested thousands of times can be parsed, but not written.
    return Array.isArray(value) ? "[...]" : "{...}";
  }
  return text.length > 60 ? `${text.slice(0, 60)}...` : text;
}
