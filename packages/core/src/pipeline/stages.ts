import { RandomStream } from "../random/index.js";
import { failedAt } from "./elementError.js";

/** The elements of one pass. */
export type Elements<T> = AsyncGenerator<T, void, undefined>;

/** What a function that `map` calls is told besides the element. */
export interface ElementContext {
  /** Position of the element in its pass, from 0. */
  readonly position: number;
  /** Which pass it is, from 0: the epoch in `fit`. */
  readonly epoch: number;
  /** Random numbers for this element of this pass: the same whenever and wherever it is made. */
  readonly random: RandomStream;
}

/** Tells the draws of `shuffle` apart from those of others with the same seed. */
const shuffleInstance = 0x5eed;

/** A pass over what a user's iterator gives. */
export async function* sourceElements<T>(source: AsyncIterable<T> | Iterable<T>): Elements<T> {
  let position = 0;
  const iterator = Symbol.asyncIterator in source ? source[Symbol.asyncIterator]() : source[Symbol.iterator]();
  let done = false;
  try {
    for (;;) {
      let next: IteratorResult<T>;
      try {
        next = await iterator.next();
      } catch (error) {
        done = true;
        throw failedAt("the source", position, error);
      }
      if (next.done) {
        done = true;
        return;
      }
      yield next.value;
      position++;
    }
  } finally {
    if (!done) {
      await iterator.return?.();
    }
  }
}

/** Up to `concurrency` calls run at a time; results keep the order of the elements. */
export async function* mapElements<T, U>(
  elements: Elements<T>,
  change: (element: T, context: ElementContext) => U | Promise<U>,
  { concurrency, seed, epoch }: { readonly concurrency: number; readonly seed: number; readonly epoch: number },
): Elements<U> {
  const call = elementCalls(change, seed, epoch);
  let position = 0;
  yield* inTurn(elements, (element) => call(element, position++), concurrency);
}

/** Results of asynchronous calls in the order of the elements, up to so many of them running at a time. */
export async function* inTurn<T, U>(
  elements: AsyncIterable<T>,
  call: (element: T) => Promise<U>,
  concurrency: number,
): Elements<U> {
  const running: Promise<U>[] = [];
  const start = (element: T): Promise<U> => {
    const result = call(element);
    // A rejection is seen when its turn comes; until then it must not count as unhandled.
    result.catch(() => undefined);
    return result;
  };
  try {
    for await (const element of elements) {
      running.push(start(element));
      if (running.length >= concurrency) {
        yield await (running.shift() as Promise<U>);
      }
    }
    while (running.length > 0) {
      yield await (running.shift() as Promise<U>);
    }
  } finally {
    await Promise.allSettled(running);
  }
}

/** A function of `map` as it is called for the element at a position. */
export function elementCalls<T, U>(
  change: (element: T, context: ElementContext) => U | Promise<U>,
  seed: number,
  epoch: number,
): (element: T, position: number) => Promise<U> {
  return async (element, position) => {
    try {
      return await change(element, new LazyContext(position, epoch, seed));
    } catch (error) {
      throw failedAt("map", position, error);
    }
  };
}

/** Its random numbers are made when they are asked for: most functions want none. */
class LazyContext implements ElementContext {
  readonly position: number;
  readonly epoch: number;
  readonly #seed: number;
  #random: RandomStream | undefined;

  constructor(position: number, epoch: number, seed: number) {
    this.position = position;
    this.epoch = epoch;
    this.#seed = seed;
  }

  get random(): RandomStream {
    this.#random ??= new RandomStream(this.#seed, "augmentation", this.position, this.epoch);
    return this.#random;
  }
}

export async function* filterElements<T>(
  elements: Elements<T>,
  keep: (element: T) => boolean | Promise<boolean>,
): Elements<T> {
  let position = 0;
  for await (const element of elements) {
    let kept: boolean;
    try {
      kept = await keep(element);
    } catch (error) {
      throw failedAt("filter", position, error);
    }
    position++;
    if (kept) {
      yield element;
    }
  }
}

/** Draws each element from a buffer of those that come next. */
export async function* shuffleElements<T>(
  elements: Elements<T>,
  bufferSize: number,
  seed: number,
  epoch: number,
): Elements<T> {
  const random = new RandomStream(seed, "shuffle", shuffleInstance, epoch);
  const buffer: T[] = [];
  for await (const element of elements) {
    if (buffer.length < bufferSize) {
      buffer.push(element);
      continue;
    }
    const drawn = random.integerBelow(buffer.length);
    const out = buffer[drawn] as T;
    buffer[drawn] = element;
    yield out;
  }
  while (buffer.length > 0) {
    const drawn = random.integerBelow(buffer.length);
    const out = buffer[drawn] as T;
    const last = buffer.pop() as T;
    if (drawn < buffer.length) {
      buffer[drawn] = last;
    }
    yield out;
  }
}

/** Groups of `size`, the last one smaller unless it is dropped; with the position of its first element. */
export async function* groupElements<T>(
  elements: Elements<T>,
  size: number,
  dropRemainder: boolean,
): Elements<{ readonly group: readonly T[]; readonly firstPosition: number }> {
  let group: T[] = [];
  let firstPosition = 0;
  for await (const element of elements) {
    group.push(element);
    if (group.length === size) {
      yield { group, firstPosition };
      firstPosition += size;
      group = [];
    }
  }
  if (group.length > 0 && !dropRemainder) {
    yield { group, firstPosition };
  }
}

/** Asks for `count` elements ahead of the one that is wanted, one after the other: a pass that is left makes no more of them. */
export async function* prefetchElements<T>(elements: Elements<T>, count: number): Elements<T> {
  const coming: Promise<IteratorResult<T, void>>[] = [];
  let closed = false;
  let last: Promise<unknown> = Promise.resolve();
  const ask = async (before: Promise<unknown>): Promise<IteratorResult<T, void>> => {
    await before;
    return closed ? { done: true, value: undefined } : elements.next();
  };
  try {
    for (;;) {
      while (coming.length < count) {
        const next = ask(last);
        last = next.catch(() => undefined);
        coming.push(next);
      }
      const { value, done } = await (coming.shift() as Promise<IteratorResult<T, void>>);
      if (done) {
        return;
      }
      yield value as T;
    }
  } finally {
    closed = true;
    await elements.return();
    await Promise.allSettled(coming);
  }
}

export async function* takeElements<T>(elements: Elements<T>, count: number): Elements<T> {
  let taken = 0;
  if (count === 0) {
    return;
  }
  for await (const element of elements) {
    yield element;
    if (++taken >= count) {
      return;
    }
  }
}

export async function* skipElements<T>(elements: Elements<T>, count: number): Elements<T> {
  let skipped = 0;
  for await (const element of elements) {
    if (skipped >= count) {
      yield element;
    } else {
      skipped++;
    }
  }
}

/** Elements of what a function makes of each element, one after the other. */
export async function* flattenElements<T, U>(
  elements: Elements<T>,
  open: (element: T, position: number) => Promise<Elements<U>>,
): Elements<U> {
  let position = 0;
  for await (const element of elements) {
    let inner: Elements<U>;
    try {
      inner = await open(element, position);
    } catch (error) {
      throw failedAt("flatMap", position, error);
    }
    yield* inner;
    position++;
  }
}

/** Arrays of the elements of several passes, until the first ends. */
export async function* zipElements<T>(passes: readonly Elements<T>[]): Elements<T[]> {
  try {
    for (;;) {
      const parts = await Promise.all(passes.map((pass) => pass.next()));
      if (parts.some(({ done }) => done)) {
        return;
      }
      yield parts.map(({ value }) => value as T);
    }
  } finally {
    await Promise.allSettled(passes.map((pass) => pass.return()));
  }
}
