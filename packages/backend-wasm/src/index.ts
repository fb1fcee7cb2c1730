export type { WasmBackend } from "./backend.js";
export { type WasmOptions, wasm } from "./wasm.js";
