import { DeviceError } from "@convoy/core/backend";
import { controlLayout, faultCodes } from "../program/constants.js";

/** Words of the control block that the threads meet in. */
const generationWord = controlLayout.generation / 4;
const poisonWord = controlLayout.poison / 4;
const faultWord = controlLayout.fault / 4;

export function controlBytes(threads: number): number {
  return controlLayout.counters + threads * controlLayout.line;
}

/** Makes every thread that waits, or will wait, at a barrier leave its run. */
export function poison(memory: WebAssembly.Memory, control: number): void {
  const words = new Int32Array(memory.buffer, control);
  Atomics.store(words, poisonWord, 1);
  Atomics.notify(words, generationWord);
}

const faults: Readonly<Record<number, (row: number) => string>> = {
  [faultCodes.rowOutsideSource]: (row) =>
    `gatherRows: row ${row} is outside the source; check batchStart and the order`,
  [faultCodes.rowOutsideOrder]: (row) => `gatherRows: position ${row} is outside the order; check batchStart`,
  [faultCodes.rowOutsideDestination]: (row) => `storeRows: row ${row} is outside the destination; check batchStart`,
  [faultCodes.partnerOutsideBatch]: (row) => `mixRows: partner ${row} is outside the batch`,
};

/** What a kernel complained of, if one did; the block is made ready for the next run. */
export function takeFault(memory: WebAssembly.Memory, control: number, threads: number): DeviceError | undefined {
  const words = new Int32Array(memory.buffer, control, controlBytes(threads) / 4);
  const code = words[faultWord]!;
  if (code === 0) {
    return undefined;
  }
  const value = words[faultWord + 1]!;
  words.fill(0);
  return new DeviceError(`wasm: ${faults[code]?.(value) ?? `fault ${code} (${value})`}`);
}
