import { shaderStageCompute } from "../device/flags.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { stepLayoutEntries } from "./stepRows.js";

/** Compiled kernels of one device, by their source: the same op over the same shapes is compiled once. */
export class Pipelines {
  readonly #gpu: GPUDevice;
  readonly #pipelines = new Map<string, Promise<GPUComputePipeline>>();
  readonly #bindLayouts = new Map<string, GPUBindGroupLayout>();
  readonly stepLayout: GPUBindGroupLayout;

  constructor(gpu: GPUDevice) {
    this.#gpu = gpu;
    this.stepLayout = gpu.createBindGroupLayout({ label: "step table", entries: stepLayoutEntries() });
  }

  /** How many different kernels have been compiled. */
  get size(): number {
    return this.#pipelines.size;
  }

  /** The layout of a dispatch's tensors. */
  layout({ bindings }: Dispatch): GPUBindGroupLayout {
    const key = bindings.map(({ access }) => access).join();
    let layout = this.#bindLayouts.get(key);
    if (layout === undefined) {
      layout = this.#gpu.createBindGroupLayout({
        label: key,
        entries: bindings.map(({ access }, binding) => ({
          binding,
          visibility: shaderStageCompute,
          buffer: { type: access === "read" ? "read-only-storage" : "storage" },
        })),
      });
      this.#bindLayouts.set(key, layout);
    }
    return layout;
  }

  /** The pipeline of a dispatch; compiled in the background the first time. */
  pipeline(dispatch: Dispatch): Promise<GPUComputePipeline> {
    let pipeline = this.#pipelines.get(dispatch.code);
    if (pipeline === undefined) {
      pipeline = this.#compile(dispatch);
      this.#pipelines.set(dispatch.code, pipeline);
    }
    return pipeline;
  }

  /** Lets go of a pipeline that nothing will run. */
  forget({ code }: Dispatch): void {
    this.#pipelines.delete(code);
  }

  async #compile(dispatch: Dispatch): Promise<GPUComputePipeline> {
    const { label, code } = dispatch;
    const layouts = [this.layout(dispatch), ...(dispatch.usesStep ? [this.stepLayout] : [])];
    this.#gpu.pushErrorScope("validation");
    const module = this.#gpu.createShaderModule({ label, code });
    const syntax = this.#gpu.popErrorScope().catch(() => null);
    try {
      return await this.#gpu.createComputePipelineAsync({
        label,
        layout: this.#gpu.createPipelineLayout({ label, bindGroupLayouts: layouts }),
        compute: { module, entryPoint: "main" },
      });
    } catch (cause) {
      // Of a shader that does not compile the pipeline says only that it is invalid.
      throw new Error((await syntax)?.message ?? (cause as Error).message, { cause });
    }
  }
}
