/** A worker thread as the pool sees it, the same in Node and in browsers. */
export interface WorkerHandle {
  post(message: unknown): void;
  /** Keeps the process alive, or lets it end, while the worker lives. */
  hold(alive: boolean): void;
  terminate(): Promise<void>;
}

export interface WorkerEvents {
  onMessage(message: unknown): void;
  /** The worker threw or ended; nothing more will come from it. */
  onFailure(reason: string): void;
}

/** What differs between Node and browsers. */
export interface Platform {
  /** Cores that this process may use. */
  readonly parallelism: number;
  /** Name of the processor or browser, for tables. */
  readonly processor: string;
  /** Why memory cannot be shared with workers, or undefined where it can. */
  unshared(): string | undefined;
  /** Reads and compiles one of the modules beside the built files: "threads" for `kernels-threads.wasm`. */
  compileModule(variant: string): Promise<WebAssembly.Module>;
  spawnWorker(events: WorkerEvents): WorkerHandle;
}
