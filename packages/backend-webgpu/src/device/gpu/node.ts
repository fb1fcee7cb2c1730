import { BackendUnavailableError } from "@convoy/core/backend";

/** What npm's `webgpu` exports, as far as it is used here. */
interface DawnModule {
  create(options: string[]): GPU;
}

/** Where the object that `create` returns is kept: once it is collected, the process crashes even in the middle of a run. */
const keeper = globalThis as { __convoyDawn?: GPU };

/**
 * WebGPU's entry point in Node: the runtime's own where it has one, else Dawn from npm's `webgpu`. Throws
 * `BackendUnavailableError` where that package is not installed or does not load.
 */
export async function findGpu(): Promise<GPU> {
  const own = (globalThis.navigator as Navigator | undefined)?.gpu;
  if (own !== undefined) {
    return own;
  }
  if (keeper.__convoyDawn === undefined) {
    const { create } = await loadDawn();
    // No kernel reads workgroup memory that it has not written. Software adapters unroll the clearing, element by element:
    // seconds of compiling for 16 KiB.
    keeper.__convoyDawn = create(["enable-dawn-features=disable_workgroup_init"]);
  }
  return keeper.__convoyDawn;
}

async function loadDawn(): Promise<DawnModule> {
  // Not a literal: bundlers and type checkers must not look for an optional package.
  const name = "webgpu";
  try {
    return (await import(name)) as DawnModule;
  } catch (cause) {
    const missing = (cause as { code?: string }).code === "ERR_MODULE_NOT_FOUND";
    throw new BackendUnavailableError(
      missing
        ? 'webgpu: Node has no WebGPU of its own and the package "webgpu" (Dawn) is not installed: npm install webgpu'
        : `webgpu: the package "webgpu" (Dawn) does not load: ${(cause as Error).message}. Its prebuilt library needs ` +
            "Linux with glibc 2.29 or later, macOS or Windows, on x64 or arm64; version 0.6.2 or later",
      { cause },
    );
  }
}

/** What to do where `requestAdapter` finds nothing. */
export const adapterRemedy: string =
  "Dawn found no driver: on Linux install a Vulkan driver (the GPU vendor's, or mesa-vulkan-drivers 23 or later for the " +
  "software adapter) or point VK_DRIVER_FILES at one; on macOS and Windows the system brings it";

/** Dawn's package looks for news in a loop of `setImmediate` as long as a promise is open. */
export const pollsWhileWaiting = true;
