// A WASM module reaches beyond its memory once MPI runs: it must be an exception.
import { wasm } from "@convoy/backend-wasm";
import { distribute } from "@convoy/distributed";
import { report } from "./reports.mjs";

const backend = await distribute(await wasm({ threads: 1 }));
/** (module (memory 1) (func (export "load") (param i32) (result i32) local.get 0 i32.load)) */
const code = [
  [0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0],
  [1, 6, 1, 0x60, 1, 0x7f, 1, 0x7f],
  [3, 2, 1, 0],
  [5, 3, 1, 0, 1],
  [7, 8, 1, 4, 0x6c, 0x6f, 0x61, 0x64, 0, 0],
  [10, 9, 1, 7, 0, 0x20, 0, 0x28, 2, 0, 0x0b],
];
const { instance } = await WebAssembly.instantiate(Uint8Array.from(code.flat()));
let message = "none";
try {
  instance.exports.load(-4);
} catch (error) {
  message = `${error}`;
}
report(backend.rank, message);
await backend.dispose();
