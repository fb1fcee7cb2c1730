export { type WasmOptions, wasm } from "./wasm.js";
export type { PeakMeasurement, WasmBackend } from "./wasmBackend.js";
