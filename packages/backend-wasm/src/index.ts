export { type WasmOptions, wasm } from "./wasm.js";
export type { WasmBackend } from "./wasmBackend.js";
