import { describe, expect, expectTypeOf, test } from "vitest";
import { ArgumentError, DataError, ShapeError, StateError } from "../errors.js";
import type { Tensor } from "../tensor.js";
import { type Dataset, dataset, zip } from "./dataset.js";

async function all<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const element of elements) {
    found.push(element);
  }
  return found;
}

const numbers = (count: number): Dataset<number> =>
  dataset(Array.from({ length: count }, (_, index) => index)).map((x) => x);
const images: Tensor<Uint8Array> = {
  data: Uint8Array.from({ length: 24 }, (_, index) => index),
  shape: [6, 2, 2],
  scale: 1 / 255,
};
const labels: Tensor<Int32Array> = { data: Int32Array.of(0, 1, 2, 3, 4, 5), shape: [6] };

describe("dataset over", () => {
  test("arrays has their samples", async () => {
    const pairs = dataset([images, labels]);
    expectTypeOf(pairs).toEqualTypeOf<Dataset<[Tensor<Uint8Array>, Tensor<Int32Array>]>>();
    expect(pairs.size).toBe(6);
    expect((await all(pairs))[4]).toEqual([
      { data: Uint8Array.of(16, 17, 18, 19), shape: [2, 2], scale: 1 / 255 },
      { data: Int32Array.of(4), shape: [] },
    ]);
    expect(
      await all(
        dataset({
          x: Float32Array.of(1, 2),
          y: [
            [3, 4],
            [5, 6],
          ],
        }),
      ),
    ).toEqual([
      { x: 1, y: { data: Float32Array.of(3, 4), shape: [2] } },
      { x: 2, y: { data: Float32Array.of(5, 6), shape: [2] } },
    ]);
    expect(await all(dataset(Int32Array.of(7, 8)))).toEqual([7, 8]);
  });

  test("a list has its elements", async () => {
    expect(await all(dataset(["a.png", "b.png"]))).toEqual(["a.png", "b.png"]);
  });

  test("a function calls it for every pass", async () => {
    let calls = 0;
    const stream = dataset(async function* () {
      calls++;
      yield* [1, 2, 3];
    });
    expect(stream.size).toBeUndefined();
    expect(await all(stream)).toEqual([1, 2, 3]);
    expect(await all(stream)).toEqual([1, 2, 3]);
    expect(calls).toBe(2);
  });

  test("an iterator gives one pass", async () => {
    const once = dataset(new Set([1, 2]).values());
    expect(await all(once)).toEqual([1, 2]);
    await expect(async () => all(once)).rejects.toThrow(StateError);
  });

  test("anything else is refused", async () => {
    expect(() => dataset(5 as unknown as number[])).toThrow(ArgumentError);
    expect(() => dataset([images, Int32Array.of(1, 2)])).toThrow(ShapeError);
    expect(() => dataset({ a: images, b: Int32Array.of(1) })).toThrow(
      'dataset: "b" has 1 samples, "a" has 6; there must be as many of each',
    );
    await expect(all(dataset((() => 5) as unknown as () => number[]))).rejects.toThrow("the function gave number");
  });
});

describe("batch", () => {
  test("puts samples together part by part", async () => {
    const batches = dataset([images, labels]).batch(4);
    expectTypeOf(batches).toEqualTypeOf<Dataset<[Tensor<Uint8Array>, Tensor<Int32Array>]>>();
    expect(batches.size).toBe(2);
    const [first, second] = await all(batches);
    expect(first).toEqual([
      { data: images.data.slice(0, 16), shape: [4, 2, 2], scale: 1 / 255 },
      { data: Int32Array.of(0, 1, 2, 3), shape: [4] },
    ]);
    expect(second?.[0].shape).toEqual([2, 2, 2]);
    expect((await all(dataset([images, labels]).batch(4, { dropRemainder: true }))).length).toBe(1);
    expect(dataset([images, labels]).batch(4, { dropRemainder: true }).size).toBe(1);
  });

  test("copies rows of arrays as it puts their elements together", async () => {
    const nested = [
      [1, 2],
      [3, 4],
      [5, 6],
      [7, 8],
      [9, 0],
      [1, 3],
    ];
    const bytes = Uint8Array.of(9, 8, 7, 6, 5, 4);
    const pairs = dataset([images, labels, bytes, nested]);
    for (const data of [pairs, pairs.shuffle(3, { seed: 2 })]) {
      for (const options of [{}, { dropRemainder: true }]) {
        const batches = await all(data.batch(4, options).iterate(1));
        expect(batches).toEqual(
          await all(
            data
              .map((row) => row)
              .batch(4, options)
              .iterate(1),
          ),
        );
        expect(batches[0]![0].data.buffer).not.toBe(images.data.buffer);
      }
    }
  });

  test("takes numbers, typed arrays, nested arrays, objects and anything else", async () => {
    const elements = [0, 1].map((n) => ({
      n,
      flag: n === 1,
      row: Uint8Array.of(n, 9),
      name: `a${n}`,
      grid: [[n], [n]],
    }));
    expect(await all(dataset(elements).batch(2))).toEqual([
      {
        n: { data: Float32Array.of(0, 1), shape: [2] },
        flag: { data: Float32Array.of(0, 1), shape: [2] },
        row: { data: Uint8Array.of(0, 9, 1, 9), shape: [2, 2] },
        name: ["a0", "a1"],
        grid: { data: Float32Array.of(0, 0, 1, 1), shape: [2, 2, 1] },
      },
    ]);
  });

  const tensor = (shape: readonly number[], Kind: typeof Float32Array | typeof Uint8Array = Float32Array): Tensor => ({
    data: new Kind(shape.reduce((product, size) => product * size, 1)),
    shape,
  });
  test.each<[string, readonly unknown[], string]>([
    [
      "another shape",
      [
        [tensor([2, 3]), 1],
        [tensor([2, 4]), 1],
      ],
      "element 1[0] has shape [2,4], element 0[0] has shape [2,3]",
    ],
    [
      "another kind",
      [{ x: tensor([2]) }, { x: tensor([2], Uint8Array) }],
      "element 1.x has a Uint8Array, element 0.x has a Float32Array",
    ],
    ["no number", [1, "a"], "element 1 has a string, element 0 has a number"],
    ["other parts", [{ x: 1 }, { y: 1 }], "element 1 has the parts y, element 0 has the parts x"],
    ["fewer parts", [[1, 2], [1]], "element 1 has 1 parts, element 0 has 2 parts"],
    ["no parts", [[1, 2], 5], "element 1 has a number, element 0 has 2 parts"],
    [
      "too few numbers",
      [tensor([2]), { data: new Float32Array(1), shape: [2] }],
      "element 1 holds 1 numbers, its shape [2] needs 2",
    ],
  ])("names the element with %s", async (_, elements, message) => {
    const source = dataset(() => [...elements, ...elements]);
    await expect(all(source.batch(4))).rejects.toThrow(DataError);
    await expect(all(source.batch(4))).rejects.toThrow(message);
    // The position is that in the pass, not that in the batch.
    const later = dataset(() => [elements[0], elements[0], elements[0], elements[0], ...elements]);
    await expect(all(later.batch(2))).rejects.toThrow("element 5");
  });
});

describe("shuffle", () => {
  test("gives every element once, in an order of the seed and the pass", async () => {
    const shuffled = numbers(1000).shuffle(1000, { seed: 3 });
    const passes = [await all(shuffled), await all(shuffled)] as const;
    for (const pass of passes) {
      expect(pass.toSorted((a, b) => a - b)).toEqual(Array.from({ length: 1000 }, (_, index) => index));
    }
    expect(passes[0]).not.toEqual(passes[1]);
    expect(await all(shuffled.iterate(0))).toEqual(passes[0]);
    expect(await all(shuffled.iterate(1))).toEqual(passes[1]);
    expect(await all(numbers(1000).shuffle(1000, { seed: 3 }))).toEqual(passes[0]);
    expect(await all(numbers(1000).shuffle(1000, { seed: 4 }))).not.toEqual(passes[0]);
    const same = numbers(1000).shuffle(1000, { seed: 3, reshuffleEachIteration: false });
    await all(same);
    expect(await all(same)).toEqual(passes[0]);
  });

  test("makes every order as likely where the buffer holds all", async () => {
    const counts = new Map<string, number>();
    for (let pass = 0; pass < 6000; pass++) {
      const order = (await all(numbers(3).shuffle(3, { seed: 1 }).iterate(pass))).join("");
      counts.set(order, (counts.get(order) ?? 0) + 1);
    }
    expect(counts.size).toBe(6);
    for (const count of counts.values()) {
      expect(Math.abs(count - 1000)).toBeLessThan(150); // five standard deviations
    }
  });

  test("keeps no more than its buffer", async () => {
    const order = await all(numbers(100).shuffle(5));
    order.forEach((value, index) => {
      expect(value).toBeLessThanOrEqual(index + 5);
    });
  });
});

describe("map", () => {
  test("gives the same whatever runs at the same time", async () => {
    const run = (concurrency: number): Promise<unknown[]> =>
      all(
        numbers(60)
          .shuffle(20, { seed: 5 })
          .map(
            async (value, { position, random }) => {
              await new Promise((resolve) => setTimeout(resolve, (position * 7) % 5));
              return [value, random.uniform()];
            },
            { concurrency, seed: 9 },
          )
          .prefetch(concurrency)
          .batch(7)
          .iterate(2),
      );
    const alone = await run(1);
    expect(await run(2)).toEqual(alone);
    expect(await run(4)).toEqual(alone);
    expect(alone).toHaveLength(9);
  });

  test("runs as many calls as it may, and no more", async () => {
    let running = 0;
    let most = 0;
    await all(
      numbers(20).map(
        async () => {
          most = Math.max(most, ++running);
          await new Promise((resolve) => setTimeout(resolve, 1));
          running--;
        },
        { concurrency: 3 },
      ),
    );
    expect(most).toBe(3);
  });

  test("gives random numbers of the element, the pass and the seed", async () => {
    const draws = (seed: number, epoch: number): Promise<number[]> =>
      all(
        numbers(3)
          .map((_, { random }) => random.uniform(), { seed })
          .iterate(epoch),
      );
    const sets = [await draws(0, 0), await draws(0, 1), await draws(1, 0)];
    expect(new Set(sets.flat()).size).toBe(9);
    expect(await draws(0, 1)).toEqual(sets[1]);
  });
});

describe("take, skip, filter, repeat, flatMap, zip and cache", () => {
  test("give what their names say, and sizes where they are known", async () => {
    const ten = numbers(10);
    expect(await all(ten.take(3))).toEqual([0, 1, 2]);
    expect(await all(ten.take(0))).toEqual([]);
    expect(await all(ten.skip(8))).toEqual([8, 9]);
    expect(await all(ten.filter((value) => value % 4 === 0))).toEqual([0, 4, 8]);
    expect(await all(ten.take(2).repeat(3))).toEqual([0, 1, 0, 1, 0, 1]);
    expect(await all(ten.take(3).repeat().take(7))).toEqual([0, 1, 2, 0, 1, 2, 0]);
    expect(await all(ten.take(3).flatMap((value) => new Array<string>(value).fill(`${value}`)))).toEqual([
      "1",
      "2",
      "2",
    ]);
    expect(await all(zip(ten, ten.skip(7)))).toEqual([
      [0, 7],
      [1, 8],
      [2, 9],
    ]);
    expect(
      [ten.take(3), ten.skip(8), ten.skip(20), ten.repeat(3), ten.repeat(), ten.batch(3)].map(({ size }) => size),
    ).toEqual([3, 2, 0, 30, Infinity, 4]);
    expect(ten.filter(() => true).size).toBeUndefined();
    expect(zip(ten, ten.take(4)).size).toBe(4);
  });

  test("repeat shuffles every time anew, and ends with an empty set", async () => {
    const twice = await all(numbers(50).shuffle(50).repeat(2));
    expect(twice.slice(0, 50)).not.toEqual(twice.slice(50));
    expect(
      await all(
        numbers(3)
          .filter(() => false)
          .repeat(),
      ),
    ).toEqual([]);
  });

  test("cache keeps a whole pass, and not a part of one", async () => {
    let made = 0;
    const cached = numbers(5)
      .map((value) => {
        made++;
        return value * 2;
      })
      .cache();
    expect(await all(cached.take(2))).toEqual([0, 2]);
    expect(await all(cached)).toEqual([0, 2, 4, 6, 8]);
    const before = made;
    expect(await all(cached)).toEqual([0, 2, 4, 6, 8]);
    expect(made).toBe(before);
  });

  test("cache holds the same whichever pass comes first", async () => {
    const shuffled = (): Dataset<number> => numbers(20).shuffle(20, { seed: 1 }).cache();
    const first = await all(shuffled().iterate(0));
    const later = shuffled();
    expect(await all(later.iterate(3))).toEqual(first);
    expect(await all(later.iterate(4))).toEqual(first);
  });
});

describe("prefetch", () => {
  test("works ahead of whoever takes the elements", async () => {
    let made = 0;
    const pass = numbers(10)
      .map(async (value) => {
        made++;
        return value;
      })
      .prefetch(3)
      .iterate();
    expect((await pass.next()).value).toBe(0);
    await new Promise((resolve) => setTimeout(resolve, 5));
    expect(made).toBe(3);
    await pass.return();
  });

  test("makes no more once the pass is left", async () => {
    let made = 0;
    const slow = dataset(async function* () {
      for (;;) {
        await new Promise((resolve) => setTimeout(resolve, 1));
        yield made++;
      }
    });
    const pass = slow.prefetch(500).iterate();
    await pass.next();
    await pass.return();
    expect(made).toBeLessThan(10);
  });
});

describe("a pass", () => {
  test("that is left early closes its source", async () => {
    let closed = 0;
    const endless = dataset(async function* () {
      try {
        for (let value = 0; ; value++) {
          yield value;
        }
      } finally {
        closed++;
      }
    });
    const piped = endless
      .map((value) => value, { concurrency: 3 })
      .shuffle(5)
      .prefetch(2)
      .batch(2);
    for await (const batch of piped) {
      expect(batch.shape).toEqual([2]);
      break;
    }
    expect(closed).toBe(1);
  });

  test("ends with the error of its source, which names the position and keeps the cause", async () => {
    const cause = new RangeError("the disk is gone");
    const broken = dataset(async function* () {
      yield* [0, 1, 2];
      throw cause;
    });
    const seen: unknown[] = [];
    const pass = async (): Promise<void> => {
      for await (const batch of broken
        .map((value) => value, { concurrency: 4 })
        .prefetch(1)
        .batch(1)) {
        seen.push(batch);
      }
    };
    const error = await pass().catch((reason: Error) => reason);
    expect(error).toBeInstanceOf(DataError);
    expect((error as Error).message).toBe("dataset: the source failed at element 3: the disk is gone");
    expect((error as Error).cause).toBe(cause);
  });

  test("names the element at which a function failed", async () => {
    const fail = (value: number): number => {
      if (value === 7) {
        throw new TypeError("no");
      }
      return value;
    };
    await expect(all(numbers(9).map(fail, { concurrency: 3 }).batch(2))).rejects.toThrow(
      "dataset: map failed at element 7: no",
    );
    await expect(all(numbers(9).filter((value) => fail(value) > 0))).rejects.toThrow(
      "dataset: filter failed at element 7: no",
    );
    await expect(all(numbers(9).flatMap((value) => [fail(value)]))).rejects.toThrow(
      "dataset: flatMap failed at element 7: no",
    );
  });
});

test("options out of range are refused", () => {
  const some = numbers(3);
  expect(() => some.batch(0)).toThrow("batch: size is 0, expected an integer of at least 1");
  expect(() => some.shuffle(0)).toThrow(ArgumentError);
  expect(() => some.shuffle(2, { seed: -1 })).toThrow("shuffle: seed is -1");
  expect(() => some.take(-1)).toThrow("take: count is -1");
  expect(() => some.repeat(0)).toThrow("repeat: count is 0");
  expect(() => some.map((x) => x, { concurency: 2 } as object)).toThrow("did you mean concurrency?");
  expect(() => zip()).toThrow("there are no data sets");
});
