import { expect, it } from "vitest";
import type { ProcessGroup } from "../../backend/index.js";
import { sliceOf } from "./batchSlice.js";

const slices = (batchSize: number, size: number) =>
  Array.from({ length: size }, (_, rank) => sliceOf({ rank, size } as ProcessGroup, batchSize));

it.each([
  [128, 2],
  [17, 4],
  [5, 5],
])("cuts %i samples for %i ranks without a gap or a row twice", (batchSize, size) => {
  let end = 0;
  for (const { offset, rows, share } of slices(batchSize, size)) {
    expect(offset).toBe(end);
    expect(share).toBe(rows / batchSize);
    expect(Math.abs(rows - batchSize / size)).toBeLessThan(1);
    end += rows;
  }
  expect(end).toBe(batchSize);
});

it("gives ranks for which no sample is left one that does not count", () => {
  const shares = slices(2, 5).map(({ share, rows }) => [share, rows]);
  expect(shares.filter(([share]) => share === 0)).toHaveLength(3);
  expect(shares.every(([, rows]) => rows === 1)).toBe(true);
});

it("is the whole batch without a group", () => {
  expect(sliceOf(undefined, 7)).toEqual({ batchSize: 7, offset: 0, rows: 7, share: 1 });
});
