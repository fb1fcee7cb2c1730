import { DeviceError } from "@convoy/core/backend";

/** The control block that the threads meet in; its layout stands in `assembly/threads.ts`. Positions are bytes. */
const layout = { generation: 64, poison: 192, faultCode: 256, faultValue: 260, counters: 320, line: 64 } as const;

export function controlBytes(threads: number): number {
  return layout.counters + threads * layout.line;
}

/** Makes every thread that waits, or will wait, at a barrier leave its run. */
export function poison(memory: WebAssembly.Memory, control: number): void {
  const words = new Int32Array(memory.buffer, control);
  Atomics.store(words, layout.poison / 4, 1);
  Atomics.notify(words, layout.generation / 4);
}

const faults: Readonly<Record<number, (row: number) => string>> = {
  1: (row) => `gatherRows: row ${row} is outside the source; check batchStart and the order`,
  2: (row) => `gatherRows: position ${row} is outside the order; check batchStart`,
  3: (row) => `storeRows: row ${row} is outside the destination; check batchStart`,
};

/** What a kernel complained of, if one did; the block is made ready for the next run. */
export function takeFault(memory: WebAssembly.Memory, control: number, threads: number): DeviceError | undefined {
  const words = new Int32Array(memory.buffer, control, controlBytes(threads) / 4);
  const code = words[layout.faultCode / 4]!;
  if (code === 0) {
    return undefined;
  }
  const value = words[layout.faultValue / 4]!;
  words.fill(0);
  return new DeviceError(`wasm: ${faults[code]?.(value) ?? `fault ${code} (${value})`}`);
}
