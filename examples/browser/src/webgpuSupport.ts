/** Whether this browser can run WebGPU, asked before anyone chooses it. */

/** Why WebGPU cannot be used here, as the end of a sentence; undefined where it can. */
export async function whyNoWebGpu(): Promise<string | undefined> {
  // Types say that it is always there; browsers without WebGPU and pages over plain http do not have it.
  const gpu = navigator.gpu as GPU | undefined;
  if (gpu === undefined) {
    return isSecureContext
      ? "this browser does not have it"
      : "browsers have it only in pages that come over https or from localhost";
  }
  // A browser may have WebGPU and still find no graphics processor that it trusts.
  return (await gpu.requestAdapter().catch(() => null)) === null
    ? "this browser finds no graphics processor for it"
    : undefined;
}
