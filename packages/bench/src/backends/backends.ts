import { type Backend, BackendUnavailableError } from "@convoy/core";

/** The backends that are looked for, in the order in which they run: the fast ones first. */
export const backendNames = ["cuda", "webgpu", "wasm", "reference"] as const;

export type BackendName = (typeof backendNames)[number];

/** What backends can be told. */
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

/** The module that a backend comes from. */
export async function backendModule(
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

/** Opens a backend. Rejects with an error whose message stands in the table: not installed, no driver, no adapter. */
export async function openBackend(
  name: BackendName,
  settings: BackendSettings = {},
  importModule?: ImportModule,
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
