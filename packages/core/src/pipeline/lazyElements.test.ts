import { expect, test } from "vitest";
import { type Dataset, dataset, makeElements, zip } from "./index.js";

const images = { data: Float32Array.from({ length: 23 * 4 }, (_, index) => index), shape: [23, 2, 2] };
const labels = Int32Array.from({ length: 23 }, (_, index) => index % 3);

async function all<T>(elements: AsyncIterable<T>): Promise<T[]> {
  const found: T[] = [];
  for await (const element of elements) {
    found.push(element);
  }
  return found;
}

/** All elements of a pass, made one by one. */
const made = (data: Dataset<unknown>, epoch: number): Promise<unknown[]> =>
  all(makeElements(data.iterateLazily(epoch), ({ make }) => make(), data.ahead));

const numbers = (count = 23): Dataset<number> => dataset(Array.from({ length: count }, (_, index) => index));

const pipelines: Record<string, () => Dataset<unknown>> = {
  arrays: () => dataset([images, labels]),
  "batches of shuffled arrays": () => dataset([images, labels]).shuffle(10, { seed: 3 }).batch(5),
  "a generator": () =>
    dataset(async function* () {
      yield* [3, 1, 2];
    }),
  "a function that gives a data set": () => dataset(() => numbers().map((value) => value + 1)),
  "batches of mapped numbers": () =>
    numbers()
      .shuffle(7, { seed: 1 })
      .map(async (value, { position, epoch, random }) => [value, position, epoch, random.uniform()], { concurrency: 3 })
      .batch(4)
      .prefetch(2),
  "dropped remainder, taken and skipped": () => numbers().skip(2).take(18).batch(4, { dropRemainder: true }).skip(1),
  "filtered and flattened": () =>
    numbers()
      .filter((value) => value % 2 === 1)
      .flatMap((value) => numbers(value).map((inner) => value * inner))
      .batch(6),
  "repeated passes": () => numbers(5).shuffle(5, { seed: 2 }).repeat(3).batch(4),
  "zipped and mapped batches": () =>
    zip(
      numbers(),
      numbers(11).map((value) => -value),
    )
      .batch(3)
      .map((batch) => JSON.stringify(batch)),
  cached: () =>
    numbers()
      .map((value, { random }) => value + random.uniform())
      .cache()
      .shuffle(9, { seed: 4 })
      .batch(5),
};

test.each(Object.keys(pipelines))("%s: elements that are made when asked for are those of the pass", async (name) => {
  const [eager, lazy] = [pipelines[name]!(), pipelines[name]!()];
  for (const epoch of [0, 1]) {
    expect(await made(lazy, epoch)).toEqual(await all(eager.iterate(epoch)));
  }
});

test("of batches, the elements of a part alone are made, as many at a time as map may", async () => {
  const calls: number[] = [];
  let [running, most] = [0, 0];
  const data = numbers()
    .shuffle(23, { seed: 6 })
    .map(
      async (value) => {
        calls.push(value);
        most = Math.max(most, ++running);
        await new Promise((resolve) => setTimeout(resolve, 1));
        running--;
        return value;
      },
      { concurrency: 3 },
    )
    .batch(8)
    .prefetch(1);
  const whole = (await all(data.iterate(1))) as { data: Float32Array }[];
  calls.length = 0;
  const parts = (await all(
    makeElements(data.iterateLazily(1), ({ parts }) => parts!.make(2, Math.min(5, parts!.size)), data.ahead),
  )) as { data: Float32Array; shape: number[] }[];
  expect(parts.map(({ data: values }) => [...values])).toEqual(
    whole.map(({ data: values }) => [...values.slice(2, 5)]),
  );
  expect(calls).toEqual(parts.flatMap(({ data: values }) => [...values]));
  expect(most).toBe(3);
});

test("elements that nobody wants are not made, and those that are kept once", async () => {
  let calls = 0;
  const data = numbers(10)
    .map((value) => {
      calls++;
      return value;
    })
    .cache();
  for (const epoch of [0, 1]) {
    const elements = await all(data.iterateLazily(epoch));
    expect(await elements[3]!.make()).toBe(3);
    expect(await elements[7]!.make()).toBe(7);
  }
  expect(calls).toBe(2);
});

test("what fails is named by its place in the pass", async () => {
  const data = numbers()
    .map((value) => {
      if (value === 13 || value === 14) {
        throw new Error("a damaged file");
      }
      return value;
    })
    .batch(10);
  const pass = makeElements(data.iterateLazily(0), ({ parts }) => parts!.make(0, parts!.size), 0);
  await pass.next();
  await expect(pass.next()).rejects.toThrow("dataset: map failed at element 13: a damaged file");
});
