import { DeviceError } from "@convoy/core/backend";
import { expect, it } from "vitest";
import { Heap } from "./heap.js";

function smallHeap(maxPages = 64): Heap {
  return new Heap(new WebAssembly.Memory({ initial: 2, maximum: maxPages }), maxPages);
}

it("aligns blocks and counts what is taken", () => {
  const heap = smallHeap();
  const first = heap.allocate("a", 1);
  const second = heap.allocate("b", 1000);
  expect([first % 256, second % 256]).toEqual([0, 0]);
  expect(second).toBeGreaterThanOrEqual(first + 1);
  expect(heap.memoryInfo.usedBytes).toBe(256 + 1024);
  heap.release(first);
  heap.release(first);
  expect(heap.memoryInfo.usedBytes).toBe(1024);
  expect(heap.memoryInfo.peakBytes).toBe(256 + 1024);
});

it("uses released memory again, neighbours as one block, and clears it", () => {
  const heap = smallHeap();
  const [first, second] = [heap.allocate("a", 4096), heap.allocate("b", 4096)];
  heap.allocate("c", 256);
  new Uint8Array(heap.memory.buffer, first, 8192).fill(7);
  heap.release(second);
  heap.release(first);
  const joined = heap.allocate("d", 8192);
  expect(joined).toBe(first);
  expect(new Uint8Array(heap.memory.buffer, joined, 8192).every((byte) => byte === 0)).toBe(true);
});

it("does not grow while released memory is enough", () => {
  const heap = smallHeap();
  heap.release(heap.allocate("a", 1 << 20));
  const bytes = heap.memory.buffer.byteLength;
  for (let round = 0; round < 100; round++) {
    heap.release(heap.allocate("a", 1 << 20));
  }
  expect(heap.memory.buffer.byteLength).toBe(bytes);
});

it("refuses what does not fit, with the sizes and the largest blocks", () => {
  const heap = smallHeap();
  heap.allocate("arena", 2 << 20);
  heap.allocate("parameters", 1 << 20);
  expect(() => heap.allocate("inputs", 3 << 20)).toThrow(DeviceError);
  expect(() => heap.allocate("inputs", 3 << 20)).toThrow(
    /"inputs" needs 3\.0 MB.*3\.0 MB of at most 4\.0 MB.*arena 2\.0 MB, parameters 1\.0 MB/,
  );
});

it("tells how much more a block may have", () => {
  const heap = smallHeap();
  heap.allocate("a", 2 ** 20);
  const { availableBytes } = heap;
  expect(availableBytes).toBeGreaterThan(2.8 * 2 ** 20);
  expect(() => heap.allocate("too much", availableBytes + 1)).toThrow(DeviceError);
  heap.allocate("the rest", Math.floor(availableBytes / 256) * 256);
  expect(heap.availableBytes).toBeLessThan(256);
});
