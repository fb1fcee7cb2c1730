import type { Backend, CompileProgress, DeviceBuffer, Executable } from "../backend/index.js";
import type { Value } from "../ops/definition.js";
import { Graph, lower, type Plan } from "../plan/index.js";
import { ConformanceFailure } from "./failure.js";

/** Buffers by name that several plans share, one arena among them. */
export class Workspace {
  readonly #backend: Backend;
  readonly #buffers = new Map<string, DeviceBuffer>();
  readonly #executables: Executable[] = [];
  readonly #runs: Promise<unknown>[] = [];

  private constructor(backend: Backend) {
    this.#backend = backend;
  }

  /** Hands a workspace to `work` and frees it afterwards. */
  static async use(backend: Backend, work: (workspace: Workspace) => Promise<void>): Promise<void> {
    const workspace = new Workspace(backend);
    try {
      await work(workspace);
    } finally {
      // A case that fails leaves its runs behind: they must end before their buffers go, and not reject unseen.
      await Promise.allSettled(workspace.#runs);
      for (const resource of [...workspace.#executables, ...workspace.#buffers.values()]) {
        resource.dispose();
      }
    }
  }

  buffer(name: string): DeviceBuffer {
    const buffer = this.#buffers.get(name);
    if (buffer === undefined) {
      throw new ConformanceFailure(`no plan of this case uses buffer "${name}"`);
    }
    return buffer;
  }

  /** The plan of a graph without fused ops; `build` returns the numbers that every step reports. */
  plan(build: (graph: Graph) => readonly Value[]): Plan {
    const graph = new Graph();
    const results = build(graph);
    const target = {
      fusions: [],
      supports: (op: Parameters<Backend["supports"]>[0]) => this.#backend.supports(op),
      workspaceBytes: (op: Parameters<Backend["supports"]>[0]) => this.#backend.workspaceBytes?.(op) ?? 0,
      inPlace: (op: Parameters<Backend["supports"]>[0]) => this.#backend.inPlace?.(op) ?? [],
    };
    return lower(graph, { mode: "test", batchSize: 1, results, target });
  }

  /** Compiles a plan over the buffers that are here, making those that are missing. */
  async bind(plan: Plan, onProgress?: CompileProgress): Promise<Executable> {
    const specs = { ...plan.buffers, arena: { dtype: "uint8", length: Math.max(plan.arenaBytes, 4096) } as const };
    for (const [name, spec] of Object.entries(specs)) {
      if (!this.#buffers.has(name)) {
        this.#buffers.set(name, this.#backend.createBuffer(name, spec));
      }
    }
    const executable = await this.#backend.compile(plan, this.all(), onProgress);
    this.#executables.push(executable);
    return {
      run: (steps) => {
        const results = executable.run(steps);
        this.#runs.push(results);
        return results;
      },
      dispose: () => executable.dispose(),
    };
  }

  compile(build: (graph: Graph) => readonly Value[]): Promise<Executable> {
    return this.bind(this.plan(build));
  }

  /** Every buffer by name. */
  all(): Record<string, DeviceBuffer> {
    return Object.fromEntries(this.#buffers);
  }
}
