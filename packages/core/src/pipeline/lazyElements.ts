import { type Batched, batchOf } from "./batching.js";
import { type ElementContext, type Elements, elementCalls, groupElements, inTurn, prefetchElements } from "./stages.js";

/** An element that is made when it is asked for, in any order: whoever wants some elements alone makes those alone. */
export interface LazyElement<T> {
  /** Makes the element. */
  readonly make: () => Promise<T>;
  /** Of a batch that is made element by element: how many it has, and a batch of those from `start` to `end`. */
  readonly parts?: BatchParts<T>;
}

interface BatchParts<T> {
  readonly size: number;
  readonly make: (start: number, end: number) => Promise<T>;
}

/** Elements that have to be made to get to those behind them. */
export async function* madeElements<T>(elements: Elements<T>): Elements<LazyElement<T>> {
  for await (const element of elements) {
    yield { make: async () => element };
  }
}

/** As `mapElements`: of the calls of a pass that are wanted, up to `concurrency` run at a time. */
export async function* lazyMap<T, U>(
  elements: Elements<LazyElement<T>>,
  change: (element: T, context: ElementContext) => U | Promise<U>,
  { concurrency, seed, epoch }: { readonly concurrency: number; readonly seed: number; readonly epoch: number },
): Elements<LazyElement<U>> {
  const call = elementCalls(change, seed, epoch);
  const turns = new Turns(concurrency);
  let position = 0;
  for await (const element of elements) {
    const at = position++;
    yield {
      make: async () => {
        const made = await element.make();
        return await turns.run(() => call(made, at));
      },
    };
  }
}

/** Batches of which parts can be made. */
export async function* lazyBatches<T>(
  elements: Elements<LazyElement<T>>,
  size: number,
  dropRemainder: boolean,
): Elements<LazyElement<Batched<T>>> {
  for await (const { group, firstPosition } of groupElements(elements, size, dropRemainder)) {
    yield batchOfParts(group.length, async (start, end) =>
      batchOf(await allInOrder(group.slice(start, end).map(({ make }) => make())), firstPosition + start),
    );
  }
}

/** A batch of `size` elements, by what makes a part of it. */
export function batchOfParts<T>(size: number, make: BatchParts<T>["make"]): LazyElement<T> {
  return { make: () => make(0, size), parts: { size, make } };
}

/** Elements that are kept once they have been made. */
export function kept<T>({ make }: LazyElement<T>): LazyElement<T> {
  let made: Promise<T> | undefined;
  return {
    make: () => {
      made ??= make();
      // What has failed may be tried again.
      made.catch(() => {
        made = undefined;
      });
      return made;
    },
  };
}

/** Arrays of elements of several passes. */
export async function* lazyZip(passes: Elements<readonly LazyElement<unknown>[]>): Elements<LazyElement<unknown[]>> {
  for await (const parts of passes) {
    yield { make: () => allInOrder(parts.map(({ make }) => make())) };
  }
}

/** Makes elements in their order, so many ahead of the one that is wanted: then two are made at a time, as the end of one waits for few. */
export function makeElements<T, U>(
  elements: Elements<T>,
  make: (element: T) => Promise<U>,
  ahead: number,
): Elements<U> {
  return ahead === 0 ? inTurn(elements, make, 1) : prefetchElements(inTurn(elements, make, 2), ahead);
}

/** Waits for all, and throws what the first of them has thrown, whichever has failed earlier. */
async function allInOrder<T>(running: readonly Promise<T>[]): Promise<T[]> {
  await Promise.allSettled(running);
  return await Promise.all(running);
}

/** Lets so many calls run at a time, in the order in which they were asked for. */
class Turns {
  #free: number;
  readonly #waiting: (() => void)[] = [];

  constructor(count: number) {
    this.#free = count;
  }

  async run<T>(call: () => Promise<T>): Promise<T> {
    if (this.#free === 0) {
      await new Promise<void>((resolve) => this.#waiting.push(resolve));
    } else {
      this.#free--;
    }
    try {
      return await call();
    } finally {
      const next = this.#waiting.shift();
      if (next === undefined) {
        this.#free++;
      } else {
        next();
      }
    }
  }
}
