import { BackendUnavailableError } from "@convoy/core";

/** Kept alive: once Dawn's object is collected, the process crashes even while a device is in use. */
let dawn: GPU | undefined;

/**
 * Gives libraries made for browsers the `navigator.gpu` that they look for, and returns the name of the adapter that they
 * will ask for. Node before 21 has no `navigator` at all, and no Node has a `gpu` in it.
 */
export async function offerWebgpu(): Promise<string> {
  if (dawn === undefined) {
    try {
      const { create, globals } = await import("webgpu");
      Object.assign(globalThis, globals);
      dawn = create([]);
    } catch (error) {
      throw new BackendUnavailableError(
        `the webgpu package is missing: npm install webgpu (${(error as Error).message})`,
      );
    }
    Object.defineProperty(globalThis, "navigator", { value: { gpu: dawn, userAgent: "Node" }, configurable: true });
  }
  const adapter = await dawn.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) {
    throw new BackendUnavailableError("WebGPU found no adapter; install a Vulkan driver");
  }
  return adapter.info.description || adapter.info.device || adapter.info.vendor;
}
