/**
 * What calls between threads need of the platform. `#worker-port` is portNode.ts in Node and portWeb.ts in browsers.
 */
export interface WorkerPlatform {
  /** Starts a worker that runs a module. */
  start(module: URL): WorkerHandle;
  /** The way to the thread that has started this one. Throws `StateError` where none has. */
  parent(): MessageEnd;
}

/** One end of a way between two threads; what is sent is copied as by `structuredClone`. */
export interface MessageEnd {
  send(message: unknown): void;
  onMessage(listener: (message: unknown) => void): void;
}

/** A worker as the thread sees it that has started it. */
export interface WorkerHandle extends MessageEnd {
  /** Called when something in the worker is caught by nobody, or it ends by itself. */
  onFailure(listener: (reason: string) => void): void;
  terminate(): void;
}
