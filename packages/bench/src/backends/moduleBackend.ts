import { ArgumentError, type Backend } from "@convoy/core";
import { isBackend, missingMembers } from "./checkBackend.js";
import { isUnavailable } from "./isUnavailable.js";
import { codeOf, resolveModule } from "./resolveModule.js";

/** Loads a module by its address; stands in for `import` in tests. */
export type LoadModule = (address: string) => Promise<unknown>;

type Factory = () => unknown;

/** A third party's module with the functions that may make its backend. */
export interface BackendModule {
  /** As it was asked for: path or package, and maybe `#export`. */
  readonly choice: string;
  /** By the name of the export. One, unless it has to be tried out which of them gives a backend. */
  readonly factories: ReadonlyMap<string, Factory>;
}

/**
 * Loads the module behind `./my-backend.js`, `@scope/backend-x` or either with `#export`, and finds the functions that may make
 * its backend: the export that is named, else the default export, else every function that takes no arguments. Throws
 * `ArgumentError` where there is no such module or function.
 */
export async function loadBackendModule(
  choice: string,
  folder: string = process.cwd(),
  load: LoadModule = (address) => import(address),
): Promise<BackendModule> {
  const hash = choice.lastIndexOf("#");
  const [specifier, wanted] = hash > 0 ? [choice.slice(0, hash), choice.slice(hash + 1)] : [choice, undefined];
  const address = resolveModule(specifier, folder);
  let exported: Readonly<Record<string, unknown>>;
  try {
    exported = (await load(address)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw new ArgumentError(notLoaded(choice, address, error), { cause: error });
  }
  return { choice, factories: factoriesOf(choice, specifier, wanted, exported) };
}

/**
 * Makes the backend. Rejects with what its function rejects with, such as `BackendUnavailableError`, and with `ArgumentError`
 * where what it gives is no backend, or where several functions give one.
 */
export async function openBackendModule({ choice, factories }: BackendModule): Promise<Backend> {
  const [only] = factories;
  if (factories.size === 1) {
    const [name, factory] = only!;
    const made = await factory();
    if (!isBackend(made)) {
      throw new ArgumentError(
        `--backend ${choice}: ${name}() gives no backend; missing: ${missingMembers(made).join(", ")}. ` +
          "The contract is the interface Backend of @convoy/core/backend",
      );
    }
    return made;
  }
  return await tryAll(choice, factories);
}

/** The backend of the only function that gives one. */
async function tryAll(choice: string, factories: BackendModule["factories"]): Promise<Backend> {
  const found: [name: string, backend: Backend][] = [];
  let reason: unknown;
  for (const [name, factory] of factories) {
    try {
      const made = await factory();
      if (isBackend(made)) {
        found.push([name, made]);
      }
    } catch (error) {
      // Whatever else it may be for: only what a backend says about itself is worth telling.
      reason ??= isUnavailable(error) ? error : undefined;
    }
  }
  const [first, ...others] = found;
  if (first !== undefined && others.length === 0) {
    return first[1];
  }
  for (const [, backend] of found) {
    await backend.dispose();
  }
  if (first === undefined && reason !== undefined) {
    throw reason;
  }
  const names = first === undefined ? [...factories.keys()] : found.map(([name]) => name);
  throw new ArgumentError(
    `--backend ${choice}: ${first === undefined ? "none" : "more than one"} of its functions gives a backend ` +
      `(${names.join(", ")}); name the export: --backend ${choice}#${names[0]}`,
  );
}

function factoriesOf(
  choice: string,
  specifier: string,
  wanted: string | undefined,
  exported: Readonly<Record<string, unknown>>,
): Map<string, Factory> {
  const name = wanted ?? (typeof exported.default === "function" ? "default" : undefined);
  const callable = Object.entries(exported).filter((entry): entry is [string, Factory] => isPlainFunction(entry[1]));
  const fitting =
    name === undefined ? callable.filter(([, { length }]) => length === 0) : callable.filter(([key]) => key === name);
  if (fitting.length > 0) {
    return new Map(fitting);
  }
  const names = Object.keys(exported);
  const all = names.length === 0 ? "it exports nothing" : `it exports ${names.join(", ")}`;
  throw new ArgumentError(
    wanted === undefined
      ? `--backend ${choice}: no exported function that gives a backend without being given arguments; ${all}. ` +
          `Export one by default, or name the export: --backend ${specifier}#myBackend`
      : `--backend ${choice}: the module exports no function "${wanted}"; ${all}`,
  );
}

/** A function that can be called without `new`. */
function isPlainFunction(value: unknown): value is Factory {
  return typeof value === "function" && !/^class\b/.test(Function.prototype.toString.call(value));
}

function notLoaded(choice: string, address: string, error: unknown): string {
  const message = error instanceof Error ? error.message : String(error);
  const typescript = /\.[cm]?ts$/.test(address);
  const cannotStrip = ["ERR_UNKNOWN_FILE_EXTENSION", "ERR_UNSUPPORTED_NODE_MODULES_TYPE_STRIPPING"].includes(
    codeOf(error) ?? "",
  );
  if (typescript && cannotStrip) {
    return (
      `--backend ${choice}: Node ${process.versions.node} cannot run this TypeScript file. Build it and pass the .js file; ` +
      "from Node 22.18 on files outside node_modules run where their types can simply be left out"
    );
  }
  return `--backend ${choice}: ${address} cannot be loaded: ${message}`;
}
