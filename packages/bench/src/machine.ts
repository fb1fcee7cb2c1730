/** What a report was measured on. */
export interface Machine {
  readonly cpu: string;
  /** Cores that this process may use. */
  readonly cores: number;
  /** Cores' worth of time that a container may use; null where nothing limits it or that is unknown. */
  readonly quota: number | null;
  readonly memoryBytes: number;
  /** "linux-x64" */
  readonly platform: string;
  /** "Node 24.1.0, V8 13.6", or the name of a browser. */
  readonly runtime: string;
  /** Flags that the engine was started with. */
  readonly flags: readonly string[];
}

/** "AMD EPYC, 2 cores, Node 24.1.0, V8 13.6" */
export function describeMachine({ cpu, cores, quota, runtime, flags }: Machine): string {
  const limit = quota === null || quota >= cores ? "" : ` of which it may use ${quota}`;
  return [`${cpu}, ${cores} ${cores === 1 ? "core" : "cores"}${limit}, ${runtime}`, ...flags].join(" ");
}
