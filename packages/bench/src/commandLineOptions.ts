import { type Command, InvalidArgumentError, Option } from "commander";
import { backendNames, isBuiltIn } from "./backends/names.js";

/** `--backends`. */
export function backendsOption(): Option {
  return new Option(
    "--backends <names>",
    "backends to run, separated by commas: names, and paths or @scope/packages of third parties",
  )
    .argParser((text: string) => names(text, backendNames, isModule))
    .default(backendNames, `${backendNames.join(",")}; none with --backend`);
}

/** `--backend`, which may be repeated. */
export function backendOption(): Option {
  return new Option(
    "--backend <module>",
    "a third party's backend: ./my-backend.js, a package, or either with #export; may be repeated",
  ).argParser((text: string, earlier: readonly string[] | undefined) => {
    if (text.trim() === "") {
      throw new InvalidArgumentError("Expected the path of a file or the name of a package.");
    }
    return [...(earlier ?? []), text.trim()];
  });
}

/** Each once: those of `--backends`, which runs everything only where no `--backend` says what to run, then the others. */
export function chosenBackends(
  listed: readonly string[],
  own: readonly string[] | undefined,
  command: Command,
): string[] {
  const others = own ?? [];
  const isListed = command.getOptionValueSource("backends") !== "default";
  return [...new Set([...(isListed || others.length === 0 ? listed : []), ...others])];
}

/** A path, or a package with a scope: what cannot be a misspelt name. */
function isModule(text: string): boolean {
  return !isBuiltIn(text) && /^[.@/\\]|^[A-Za-z]:[\\/]|^file:/.test(text);
}

/** `--json`. */
export function jsonOption(): Option {
  return new Option("--json <file>", "also write the report as JSON");
}

/** `--threads`, one number. */
export function threadsOption(): Option {
  return count("--threads <number>", "threads of the WASM backend and of PyTorch (default: all cores)");
}

/** A whole number from 1 on. */
export function count(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => wholeNumber(text, 1, 2 ** 31 - 1));
}

/** Whole numbers from 1 on, each once. */
export function counts(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => [
    ...new Set(text.split(",").map((part) => wholeNumber(part.trim(), 1, 2 ** 31 - 1))),
  ]);
}

/** A number above 0, up to 1. */
export function share(flags: string, description: string): Option {
  return new Option(flags, description).argParser((text: string) => {
    const value = Number(text);
    if (!(value > 0 && value <= 1)) {
      throw new InvalidArgumentError("Expected a share above 0, up to 1, such as 0.99.");
    }
    return value;
  });
}

/** Throws commander's error unless the text is a whole number in the range. */
export function wholeNumber(text: string, low: number, high: number): number {
  const value = Number(text);
  if (!/^\d+$/.test(text) || value < low || value > high) {
    throw new InvalidArgumentError(`Expected a whole number from ${low} to ${high}.`);
  }
  return value;
}

/** A list of names, each once, in the order given. Those that `others` accepts need not be known. */
export function names<Name extends string>(
  text: string,
  known: readonly Name[],
  others: (name: string) => boolean = () => false,
): Name[] {
  const given = text.split(",").map((name) => name.trim());
  const unknown = given.find((name) => !known.includes(name as Name) && !others(name));
  if (unknown !== undefined) {
    throw new InvalidArgumentError(`Unknown name "${unknown}", expected any of ${known.join(",")}.`);
  }
  return [...new Set(given as Name[])];
}
