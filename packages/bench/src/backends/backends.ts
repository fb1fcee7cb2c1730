import { type Backend, BackendUnavailableError } from "@convoy/core";
import { loadBackendModule, openBackendModule } from "./moduleBackend.js";
import { type BackendName, isBuiltIn } from "./names.js";

/** Options that bench passes on to the backends that have them. */
export interface BackendSettings {
  readonly threads?: number;
}

/** Loads a module; stands in for `import` in tests. */
export type ImportModule = (specifier: string) => Promise<unknown>;

interface BackendSource {
  /** Each backend is a package of its own that may be missing. */
  readonly module: string;
  readonly options: (settings: BackendSettings) => object;
}

const nothing = (): object => ({});

const sources: Readonly<Record<BackendName, BackendSource>> = {
  cuda: { module: "@convoy/backend-cuda", options: nothing },
  webgpu: { module: "@convoy/backend-webgpu", options: nothing },
  wasm: { module: "@convoy/backend-wasm", options: ({ threads }) => (threads === undefined ? {} : { threads }) },
  reference: { module: "@convoy/core/reference", options: nothing },
};

/** Loads the modules of third parties' backends, so that one that cannot be loaded is reported before anything is measured. */
export async function checkBackends(choices: readonly string[]): Promise<void> {
  for (const choice of choices.filter((each) => !isBuiltIn(each))) {
    await loadBackendModule(choice);
  }
}

/** The module that a backend comes from. */
async function backendModule(
  name: BackendName,
  importModule: ImportModule = (specifier) => import(specifier),
): Promise<Readonly<Record<string, unknown>>> {
  const { module } = sources[name];
  try {
    return (await importModule(module)) as Readonly<Record<string, unknown>>;
  } catch (error) {
    throw explained(module, error);
  }
}

/**
 * Opens a backend: by its name where it comes with Convoy, else by the path or package of its module. Rejects with an error
 * whose message stands in the table: not installed, no driver, no adapter.
 */
export async function openBackend(
  choice: string,
  settings: BackendSettings = {},
  importModule?: ImportModule,
): Promise<Backend> {
  return isBuiltIn(choice)
    ? await openBuiltIn(choice, settings, importModule)
    : await openBackendModule(await loadBackendModule(choice));
}

async function openBuiltIn(
  name: BackendName,
  settings: BackendSettings,
  importModule: ImportModule | undefined,
): Promise<Backend> {
  const open = (await backendModule(name, importModule))[name];
  const { module, options } = sources[name];
  if (typeof open !== "function") {
    throw new BackendUnavailableError(
      `${module} exports no function ${name}; install the version that fits this bench`,
    );
  }
  return (await open(options(settings))) as Backend;
}

/** What it means that a module could not be loaded. */
function explained(module: string, error: unknown): Error {
  if (!(error instanceof Error) || (error as NodeJS.ErrnoException).code !== "ERR_MODULE_NOT_FOUND") {
    return error instanceof Error ? error : new Error(String(error));
  }
  if (error.message.includes(`package '${module}'`)) {
    return new BackendUnavailableError(`${module} is not installed`);
  }
  const missing = /^Cannot find module '([^']+)'/.exec(error.message)?.[1] ?? error.message;
  return new BackendUnavailableError(`${module} is incomplete, build it or install it again (missing: ${missing})`);
}
