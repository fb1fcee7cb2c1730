import { ConvoyError } from "@convoy/core";
import fc from "fast-check";
import { expect } from "vitest";

/** What may be done to a file. */
type Change =
  | { readonly kind: "set"; readonly at: number; readonly value: number }
  | { readonly kind: "cut"; readonly at: number }
  | { readonly kind: "drop"; readonly at: number; readonly count: number }
  | { readonly kind: "insert"; readonly at: number; readonly bytes: Uint8Array }
  | { readonly kind: "large"; readonly at: number; readonly size: number };

const place = fc.double({ min: 0, max: 1, noNaN: true });

const changes = fc.array(
  fc.oneof(
    fc.record({ kind: fc.constant("set" as const), at: place, value: fc.integer({ min: 0, max: 255 }) }),
    fc.record({ kind: fc.constant("cut" as const), at: place }),
    fc.record({ kind: fc.constant("drop" as const), at: place, count: fc.integer({ min: 1, max: 20 }) }),
    fc.record({ kind: fc.constant("insert" as const), at: place, bytes: fc.uint8Array({ maxLength: 12 }) }),
    // Sizes and counts as large as their field has room for.
    fc.record({ kind: fc.constant("large" as const), at: place, size: fc.constantFrom(1, 2, 4, 8) }),
  ),
  { minLength: 1, maxLength: 4 },
);

function changed(file: Uint8Array, list: readonly Change[]): Uint8Array {
  return list.reduce<Uint8Array>(applied, Uint8Array.from(file));
}

function applied(bytes: Uint8Array, change: Change): Uint8Array {
  const at = Math.floor(change.at * bytes.length);
  switch (change.kind) {
    case "set":
      return at < bytes.length ? bytes.with(at, change.value) : bytes;
    case "cut":
      return bytes.slice(0, at);
    case "drop":
      return Uint8Array.of(...bytes.subarray(0, at), ...bytes.subarray(at + change.count));
    case "insert":
      return Uint8Array.of(...bytes.subarray(0, at), ...change.bytes, ...bytes.subarray(at));
    case "large":
      return bytes.slice().fill(255, at, at + change.size);
  }
}

/**
 * Reads a file that was damaged in many ways: each time it is read, or refused by an error of Convoy's, within a second. A small
 * file, as its bytes are copied often.
 */
export async function expectToSurviveDamage(
  file: Uint8Array,
  read: (bytes: Uint8Array) => Promise<unknown>,
  runs: number,
): Promise<void> {
  const before = process.memoryUsage().arrayBuffers;
  let most = 0;
  await fc.assert(
    fc.asyncProperty(changes, async (list) => {
      const bytes = changed(file, list);
      const start = process.cpuUsage();
      try {
        await read(bytes);
      } catch (error) {
        if (!(error instanceof ConvoyError)) {
          throw error;
        }
      }
      // The time of the processor, as a busy machine may stop for longer than any file makes it.
      const { user, system } = process.cpuUsage(start);
      most = Math.max(most, (user + system) / 1000);
    }),
    { numRuns: runs, seed: 1 },
  );
  expect(most).toBeLessThan(1000);
  // What is not collected yet counts as well, so this only finds memory that sizes in a file ask for.
  expect(process.memoryUsage().arrayBuffers - before).toBeLessThan(2 ** 30);
}
