/**
 * Training in a worker: functions of a module that runs in another thread, called like any others, with progress on the way.
 *
 * @module
 */
export { inWorker, type Remote, type RunningWorker } from "./inWorker.js";
export type { WebWorker } from "./webWorker.js";
export { type WorkerFunctions, workerFunctions } from "./workerFunctions.js";
