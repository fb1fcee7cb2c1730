import { BackendUnavailableError } from "@convoy/core/backend";
import { relaxedSimd, simd, threads } from "wasm-feature-detect";
import { platform } from "#platform";

/** The builds of the kernels; each is a file `kernels-<name>.wasm`. */
export type VariantName = "single" | "threads" | "threads-relaxed";

/** Which build runs here and why. */
export interface Variant {
  readonly name: VariantName;
  readonly reason: string;
  readonly shared: boolean;
}

/** Chooses the best build that this engine can run. `relaxed` false keeps to results that are the same everywhere. */
export async function chooseVariant(relaxed: boolean): Promise<Variant> {
  if (!(await simd())) {
    throw new BackendUnavailableError(
      "wasm: this engine has no WebAssembly SIMD. Use Node 20 or later, or a browser from 2023 on",
    );
  }
  const unshared = platform.unshared() ?? ((await threads()) ? undefined : "the engine has no WebAssembly threads");
  if (unshared !== undefined) {
    return { name: "single", shared: false, reason: `one thread: ${unshared}` };
  }
  if (!relaxed) {
    return { name: "threads", shared: true, reason: "relaxed SIMD was turned off" };
  }
  return (await relaxedSimd())
    ? { name: "threads-relaxed", shared: true, reason: "the engine has threads and relaxed SIMD" }
    : { name: "threads", shared: true, reason: "the engine has threads but no relaxed SIMD" };
}
