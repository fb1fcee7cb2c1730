import { describe, expect, test } from "vitest";
import { permutation, RandomStream, seedKey, streamKey, streamWord } from "./stream.js";

const draw = (count: number, next: () => number): number[] => Array.from({ length: count }, next);
const mean = (numbers: readonly number[]): number => numbers.reduce((sum, x) => sum + x, 0) / numbers.length;
const variance = (numbers: readonly number[]): number => mean(numbers.map((x) => (x - mean(numbers)) ** 2));

describe("the format, which never changes", () => {
  test("words of a stream", () => {
    const key = streamKey(seedKey(42), "dropout", 3);
    const words = [3375296968, 1879617886, 393530873, 219915347];
    expect([0, 1, 2, 3].map((index) => streamWord(key, 7, index))).toEqual(words);
    const stream = new RandomStream(42, "dropout", 3, 7);
    expect(draw(4, () => stream.word())).toEqual(words);
    const noise = streamKey(seedKey(42), "noise", 3);
    const noiseWords = [2981417810, 4015632117, 1245855330, 2055348252];
    expect([0, 1, 2, 3].map((index) => streamWord(noise, 7, index))).toEqual(noiseWords);
  });

  test("uniform and normal numbers", () => {
    const stream = new RandomStream(42, "initializer");
    expect(draw(3, () => stream.uniform())).toEqual([0.7103228569030762, 0.9681112766265869, 0.19295734167099]);
    expect(stream.normal()).toBeCloseTo(1.6384375175232795, 12);
  });

  test("a permutation", () => {
    expect([...permutation(10, new RandomStream(42, "shuffle"))]).toEqual([7, 6, 0, 2, 5, 3, 1, 8, 9, 4]);
  });
});

describe("streams", () => {
  const first = (seed: number, ...rest: [("dropout" | "shuffle")?, number?, number?]) => {
    const [purpose = "dropout", instance = 0, step = 0] = rest;
    return new RandomStream(seed, purpose, instance, step).word();
  };

  test("differ by seed, purpose, instance and step", () => {
    const words = [
      first(1),
      first(2),
      first(1 + 2 ** 32),
      first(1, "shuffle"),
      first(1, "dropout", 1),
      first(1, "dropout", 0, 1),
    ];
    expect(new Set(words).size).toBe(words.length);
  });

  test("repeat themselves", () => {
    expect(first(9)).toBe(first(9));
  });

  test("splits a seed into words", () => {
    expect(seedKey(2 ** 53 - 1)).toEqual([0xffffffff, 0x1fffff]);
    expect(seedKey(5)).toEqual([5, 0]);
  });
});

describe("uniform numbers", () => {
  const stream = new RandomStream(1, "test");
  const numbers = draw(20_000, () => stream.uniform());

  test("lie in [0, 1) and are exact in float32", () => {
    expect(numbers.every((x) => x >= 0 && x < 1 && Math.fround(x) === x)).toBe(true);
  });

  test("have the mean and variance of the uniform distribution", () => {
    // Five standard errors: sqrt(1/12 / n) and sqrt(1/180 / n).
    expect(Math.abs(mean(numbers) - 1 / 2)).toBeLessThan(5 * Math.sqrt(1 / 12 / numbers.length));
    expect(Math.abs(variance(numbers) - 1 / 12)).toBeLessThan(5 * Math.sqrt(1 / 180 / numbers.length));
  });

  test("neighbours are not correlated", () => {
    const products = numbers.slice(1).map((x, index) => (x - 0.5) * (numbers[index]! - 0.5));
    expect(Math.abs(mean(products))).toBeLessThan((5 * (1 / 12)) / Math.sqrt(products.length));
  });

  test("between bounds", () => {
    const between = draw(1000, () => stream.uniformBetween(-3, -1));
    expect(Math.min(...between)).toBeGreaterThanOrEqual(-3);
    expect(Math.max(...between)).toBeLessThan(-1);
  });
});

test("normal numbers have mean 0, variance 1 and no skew", () => {
  const stream = new RandomStream(1, "test", 1);
  const numbers = draw(20_000, () => stream.normal());
  expect(Math.abs(mean(numbers))).toBeLessThan(5 / Math.sqrt(numbers.length));
  expect(Math.abs(variance(numbers) - 1)).toBeLessThan(5 * Math.sqrt(2 / numbers.length));
  expect(Math.abs(mean(numbers.map((x) => x ** 3)))).toBeLessThan(5 * Math.sqrt(15 / numbers.length));
  expect(numbers.every(Number.isFinite)).toBe(true);
});

describe("integerBelow", () => {
  test("gives every integer equally often", () => {
    const stream = new RandomStream(1, "test", 2);
    const counts = new Array(7).fill(0);
    for (let i = 0; i < 14_000; i++) {
      counts[stream.integerBelow(7)]++;
    }
    // Chi-squared with 6 degrees of freedom exceeds 27.9 in one of 10,000 cases.
    expect(counts.reduce((sum, count) => sum + (count - 2000) ** 2 / 2000, 0)).toBeLessThan(27.9);
  });

  test("has no bias where a remainder would: below 3 * 2^30", () => {
    // The remainder of a 32-bit word would fall into the lowest third half of the time.
    const stream = new RandomStream(1, "test", 3);
    const low = draw(6000, () => stream.integerBelow(3 * 2 ** 30)).filter((x) => x < 2 ** 30).length;
    expect(Math.abs(low - 2000)).toBeLessThan(5 * Math.sqrt(6000 * (2 / 9)));
  });

  test("below 1 is 0", () => {
    expect(new RandomStream(1, "test").integerBelow(1)).toBe(0);
  });
});

describe("permutation", () => {
  test("holds every index once", () => {
    const order = permutation(1000, new RandomStream(3, "shuffle"));
    expect([...order].sort((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
  });

  test("of nothing and of one", () => {
    expect([...permutation(0, new RandomStream(3, "shuffle"))]).toEqual([]);
    expect([...permutation(1, new RandomStream(3, "shuffle"))]).toEqual([0]);
  });

  test("gives all orders of three equally often", () => {
    const counts = new Map<string, number>();
    for (let epoch = 0; epoch < 6000; epoch++) {
      const order = permutation(3, new RandomStream(3, "shuffle", 0, epoch)).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    // Chi-squared with 5 degrees of freedom exceeds 25.7 in one of 10,000 cases.
    expect([...counts.values()].reduce((sum, count) => sum + (count - 1000) ** 2 / 1000, 0)).toBeLessThan(25.7);
  });
});
