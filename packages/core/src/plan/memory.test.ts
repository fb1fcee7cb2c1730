import { describe, expect, it } from "vitest";
import { RandomStream } from "../random/index.js";
import { alignmentBytes, type Lifetime, planArena } from "./memory.js";

function randomLifetimes(seed: number): Lifetime[] {
  const stream = new RandomStream(seed, "test");
  return Array.from({ length: 1 + stream.integerBelow(40) }, (_, id) => {
    const first = stream.integerBelow(30);
    return { id, bytes: 1 + stream.integerBelow(5000), first, last: first + stream.integerBelow(8) };
  });
}

const aligned = (bytes: number): number => Math.ceil(bytes / alignmentBytes) * alignmentBytes;

describe("planArena", () => {
  it("keeps blocks apart that are needed at the same time, aligned and inside the arena", () => {
    for (let seed = 0; seed < 300; seed++) {
      const blocks = randomLifetimes(seed);
      const { offsets, bytes } = planArena(blocks);
      const at = ({ id }: Lifetime): number => offsets.get(id)!;
      for (const block of blocks) {
        expect(at(block) % alignmentBytes).toBe(0);
        expect(at(block) + block.bytes).toBeLessThanOrEqual(bytes);
        for (const other of blocks.filter(({ id }) => id > block.id)) {
          const together = block.first <= other.last && other.first <= block.last;
          const apart = at(block) + block.bytes <= at(other) || at(other) + other.bytes <= at(block);
          if (together && !apart) {
            throw new Error(`seed ${seed}: blocks ${block.id} and ${other.id} overlap`);
          }
        }
      }
    }
  });

  it("takes no more than twice what is needed at once, and never less", () => {
    for (let seed = 0; seed < 300; seed++) {
      const blocks = randomLifetimes(seed);
      const needed = (step: number): number =>
        blocks.reduce((sum, { first, last, bytes }) => sum + (first <= step && step <= last ? aligned(bytes) : 0), 0);
      const most = Math.max(...Array.from({ length: 40 }, (_, step) => needed(step)));
      const { bytes } = planArena(blocks);
      expect(bytes).toBeGreaterThanOrEqual(most);
      expect(bytes).toBeLessThanOrEqual(2 * most);
    }
  });

  it("lets a chain of equal blocks alternate between two places", () => {
    const chain = Array.from({ length: 10 }, (_, id) => ({ id, bytes: 1000, first: id, last: id + 1 }));
    expect(planArena(chain).bytes).toBe(2 * 1024);
  });

  it("fills a gap between two blocks", () => {
    const { offsets, bytes } = planArena([
      { id: 0, bytes: 2560, first: 0, last: 0 },
      { id: 1, bytes: 1280, first: 0, last: 9 },
      { id: 2, bytes: 512, first: 5, last: 9 },
    ]);
    expect([offsets.get(0), offsets.get(1), offsets.get(2)]).toEqual([0, 2560, 0]);
    expect(bytes).toBe(3840);
  });

  it("makes an empty arena for nothing", () => {
    expect(planArena([])).toEqual({ offsets: new Map(), bytes: 0 });
  });
});
