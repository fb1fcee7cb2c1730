import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";

/** The state of the committed kernel image, as scripts/imageState.mjs prints it. */
export interface ImageState {
  /** Sources that have changed since it was built. */
  readonly changed: readonly string[];
  /** Folder of nvcc; absent where there is no CUDA toolkit. */
  readonly toolkit?: string;
  /** nvcc's version and the functions of the image that it does not build from the sources, where that was asked for. */
  readonly rebuilt?: { readonly nvcc: string; readonly different: readonly string[] };
}

const script = fileURLToPath(new URL("../../scripts/imageState.mjs", import.meta.url));

export function imageState(...options: readonly string[]): ImageState {
  const { status, stdout, stderr } = spawnSync(process.execPath, [script, ...options], { encoding: "utf8" });
  if (status !== 0) {
    throw new Error(`the state of the kernel image cannot be determined:\n${stderr}`);
  }
  return JSON.parse(stdout) as ImageState;
}

export const rebuildCommand = "npm run build:kernels -w packages/backend-cuda";

/**
 * What to do about a stale image: fail where it can be rebuilt right away, otherwise skip the tests that look into it. The
 * emulator is built from the sources themselves, so its tests are meaningful either way.
 */
export function staleness({ changed, toolkit }: ImageState): { readonly failure?: string; readonly skip?: string } {
  if (changed.length === 0) {
    return {};
  }
  const stale = `the CUDA kernel image is stale: ${changed.join(", ")} changed since it was built.`;
  return toolkit === undefined
    ? { skip: `${stale} There is no CUDA toolkit here; on a machine with one, \`${rebuildCommand}\` rebuilds it` }
    : { failure: `${stale} Run \`${rebuildCommand}\` (nvcc is in ${toolkit}) and commit prebuilt/` };
}
