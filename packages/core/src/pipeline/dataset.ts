import { checkOptions, expectCount, expectSeed } from "../checkOption.js";
import { ArgumentError, StateError } from "../errors.js";
import type { Layer } from "../layers/layer.js";
import type { ArraySelection } from "./arraySelection.js";
import { elementAugmentation } from "./augmentation.js";
import { type Batched, batchOf } from "./batching.js";
import type { BatchOptions, MapOptions, ShuffleOptions } from "./datasetOptions.js";
import { ElementError } from "./elementError.js";
import { batchOfParts, kept, type LazyElement, lazyBatches, lazyMap, lazyZip, madeElements } from "./lazyElements.js";
import { type Arrays, arrayRows, type RowOf, rowElements } from "./rows.js";
import {
  type ElementContext,
  type Elements,
  filterElements,
  flattenElements,
  groupElements,
  mapElements,
  prefetchElements,
  shuffleElements,
  skipElements,
  sourceElements,
  takeElements,
  zipElements,
} from "./stages.js";

/** How a data set's passes are made. */
interface DatasetDefinition<T> {
  /** Elements of a pass; undefined where it is not known. */
  readonly size: number | undefined;
  readonly open: (epoch: number) => Elements<T>;
  /** The same with elements that are made when they are asked for; absent where each has to be made to get to the next. */
  readonly openLazily?: ((epoch: number) => Elements<LazyElement<T>>) | undefined;
  /** Elements that are made ahead of the one that is wanted; default 0. */
  readonly ahead?: number;
  /** Elements of its elements, where these are batches. */
  readonly batchSize?: number | undefined;
  readonly selection?: ArraySelection | undefined;
  readonly augmentation?: DatasetAugmentation | undefined;
}

/** Layers that batches go through in training, which `fit` runs on its device as a part of the step. */
export interface DatasetAugmentation {
  readonly layers: readonly Layer[];
  /** Undefined: that of `fit`. */
  readonly seed: number | undefined;
  /** The batches before that. */
  readonly batches: Dataset<unknown>;
}

/** Passes that an endless `repeat` may take in one pass of what comes after it before their numbers meet. */
const endlessPasses = 2 ** 16;

/**
 * A sequence of elements that need not fit into memory, gone through any number of times. Made by `dataset`; every method gives
 * a new data set and leaves this one as it is. Nothing is read before a pass begins, by `for await`, `fit`, `evaluate` or
 * `predict`. Methods, defaults and meaning are those of TensorFlow's `tf.data.Dataset`; where it is at liberty to give another
 * order, this one never does: the same seeds give the same elements, whatever runs at the same time.
 */
export class Dataset<T> implements AsyncIterable<T> {
  readonly #definition: DatasetDefinition<T>;
  #passes = 0;

  /** Made by `dataset`. */
  constructor(definition: DatasetDefinition<T>) {
    this.#definition = definition;
  }

  /** Elements of a pass: Infinity for an endless one, undefined where only going through them tells. */
  get size(): number | undefined {
    return this.#definition.size;
  }

  /** Elements that a batch has, the last one excepted; undefined where the elements are no batches of `batch`. */
  get batchSize(): number | undefined {
    return this.#definition.batchSize;
  }

  /** What `fit` puts on the device whole, where it fits; undefined where elements are made in any other way. */
  get selection(): ArraySelection | undefined {
    return this.#definition.selection;
  }

  /** What `fit` does to the batches on its device, where that is how they are made; the elements have gone through it already. */
  get augmentation(): DatasetAugmentation | undefined {
    return this.#definition.augmentation;
  }

  /** Elements that whoever goes through `iterateLazily` should make ahead of the one that is wanted. */
  get ahead(): number {
    return this.#definition.ahead ?? 0;
  }

  /** A pass; every one has the next number, so that each has an order of its own where the data set is shuffled. */
  [Symbol.asyncIterator](): AsyncGenerator<T, void, undefined> {
    return this.iterate(this.#passes++);
  }

  /** The pass of that number, counted from 0: `fit` asks for that of each epoch. */
  iterate(epoch = 0): AsyncGenerator<T, void, undefined> {
    return this.#definition.open(expectCount("dataset: epoch", epoch, 0));
  }

  /**
   * The pass of that number with elements that are made when they are asked for, and batches of which parts can be made: processes that
   * train together make their own alone. Elements behind `filter`, and those that a source gives one by one, are made all the same.
   */
  iterateLazily(epoch = 0): Elements<LazyElement<T>> {
    expectCount("dataset: epoch", epoch, 0);
    const { open, openLazily } = this.#definition;
    return openLazily?.(epoch) ?? madeElements(open(epoch));
  }

  /**
   * Makes something else of each element. With `concurrency`, several asynchronous calls run at the same time; the order stays.
   * The function gets the element's position, the number of the pass and random numbers of its own, for augmentation say.
   * What it throws ends the pass as a `DataError` with the position; its `cause` is what was thrown.
   */
  map<U>(change: (element: T, context: ElementContext) => U | Promise<U>, options?: MapOptions): Dataset<U>;
  /**
   * Runs layers that augment images on each element, as `augment` does: on batches [x, y, ...] or x, or on single images. Of batches
   * it makes what a model makes that begins with these layers and trains on all of the data set with this seed, where its size is
   * known; otherwise, as behind `filter`, numbers of its own are drawn for each pass. On a host, in JavaScript: layers of a model run
   * on its device, as a part of the training step.
   */
  map(augmentation: Layer | readonly Layer[], options?: MapOptions): Dataset<T>;
  map(
    change: ((element: T, context: ElementContext) => unknown) | Layer | readonly Layer[],
    options: MapOptions = {},
  ): Dataset<unknown> {
    const { concurrency = 1, seed = 0 } = checkOptions("map", options, ["concurrency", "seed"]);
    expectCount("map: concurrency", concurrency);
    expectSeed("map: seed", seed);
    const { size, batchSize } = this;
    const isAugmentation = typeof change !== "function" || "className" in change;
    const changed = isAugmentation ? elementAugmentation([change].flat(), seed, size) : change;
    return this.#then(
      (elements, epoch) => mapElements<T, unknown>(elements, changed, { concurrency, seed, epoch }),
      size,
      isAugmentation ? { batchSize } : {},
      (elements, epoch) => lazyMap<T, unknown>(elements, changed, { concurrency, seed, epoch }),
    );
  }

  /** Keeps the elements for which the function gives true. */
  filter(keep: (element: T) => boolean | Promise<boolean>): Dataset<T> {
    return this.#then((elements) => filterElements(elements, keep), undefined, { batchSize: this.batchSize });
  }

  /** The elements of what the function makes of each element, in a row: the rows of files, say. */
  flatMap<U>(open: (element: T) => DatasetSource<U> | Promise<DatasetSource<U>>): Dataset<U> {
    const { open: openThis } = this.#definition;
    const inner = async (element: T): Promise<Dataset<U>> => dataset<U>(await open(element));
    return new Dataset({
      size: undefined,
      open: (epoch) => flattenElements(openThis(epoch), async (element) => (await inner(element)).iterate(epoch)),
      openLazily: (epoch) =>
        flattenElements(openThis(epoch), async (element) => (await inner(element)).iterateLazily(epoch)),
      ahead: this.ahead,
    });
  }

  /**
   * Draws elements at random from a buffer of the next `bufferSize`: with as many as there are elements every order is as likely,
   * with fewer they stay near their places. The buffer is in memory.
   */
  shuffle(bufferSize: number, options: ShuffleOptions = {}): Dataset<T> {
    const { seed = 0, reshuffleEachIteration = true } = checkOptions("shuffle", options, [
      "seed",
      "reshuffleEachIteration",
    ]);
    expectCount("shuffle: bufferSize", bufferSize);
    expectSeed("shuffle: seed", seed);
    const { selection, batchSize } = this;
    const shuffled = <U>(elements: Elements<U>, epoch: number): Elements<U> =>
      shuffleElements(elements, bufferSize, seed, reshuffleEachIteration ? epoch : 0);
    const ordered =
      selection && selection.batch === undefined
        ? { ...selection, inOrder: false, order: (epoch: number) => shuffled(selection.order(epoch), epoch) }
        : undefined;
    return this.#then(shuffled, this.size, { batchSize, selection: ordered }, shuffled);
  }

  /**
   * Puts `size` elements together: numbers to [N], tensors to [N, ...shape], arrays and objects of these part by part. Throws
   * `DataError` for an element that is not like the first of its batch, with its position.
   */
  batch(size: number, options: BatchOptions = {}): Dataset<Batched<T>> {
    const { dropRemainder = false } = checkOptions("batch", options, ["dropRemainder"]);
    expectCount("batch: size", size);
    const { open } = this.#definition;
    const batches = this.size === undefined ? undefined : this.size / size;
    const rows = this.selection?.batch === undefined ? this.selection : undefined;
    return new Dataset({
      size: batches && (dropRemainder ? Math.floor(batches) : Math.ceil(batches)),
      // Of arrays, rows are copied without being taken apart and put together again.
      open: (epoch) =>
        rows === undefined
          ? batchElements(groupElements(open(epoch), size, dropRemainder))
          : batchRows(groupElements(rows.order(epoch), size, dropRemainder), rows.batchOf),
      openLazily: (epoch) =>
        rows === undefined
          ? lazyBatches(this.iterateLazily(epoch), size, dropRemainder)
          : lazyBatchesOfRows(groupElements(rows.order(epoch), size, dropRemainder), rows.batchOf),
      ahead: Math.ceil(this.ahead / size),
      batchSize: size,
      selection: rows && { ...rows, batch: { size, dropRemainder } },
    });
  }

  /** Makes up to `count` elements ahead of the one that is wanted, while whoever wants them is busy. */
  prefetch(count: number): Dataset<T> {
    expectCount("prefetch: count", count);
    const { batchSize, selection } = this;
    const augmentation = this.#augmented((batches) => batches.prefetch(count));
    return this.#then(
      (elements) => prefetchElements(elements, count),
      this.size,
      { batchSize, selection, augmentation, ahead: Math.max(count, this.ahead) },
      (elements) => elements,
    );
  }

  /** The first `count` elements. */
  take(count: number): Dataset<T> {
    expectCount("take: count", count, 0);
    const size = this.size === undefined ? undefined : Math.min(this.size, count);
    const augmentation = this.#augmented((batches) => batches.take(count));
    const taken = <U>(elements: Elements<U>): Elements<U> => takeElements(elements, count);
    return this.#then(taken, size, { batchSize: this.batchSize, augmentation }, taken);
  }

  /** All but the first `count` elements. Of batches that a generator augments, `fit` then gets them augmented by the host. */
  skip(count: number): Dataset<T> {
    expectCount("skip: count", count, 0);
    const size = this.size === undefined ? undefined : Math.max(0, this.size - count);
    const rest = <U>(elements: Elements<U>): Elements<U> => skipElements(elements, count);
    return this.#then(rest, size, { batchSize: this.batchSize }, rest);
  }

  /** The elements `count` times over, or without end. Every time counts as a pass: what is shuffled before has another order. */
  repeat(count: number = Infinity): Dataset<T> {
    if (count !== Infinity) {
      expectCount("repeat: count", count);
    }
    const { size, open, batchSize } = this.#definition;
    async function* repeated<U>(epoch: number, openPass: (pass: number) => Elements<U>): Elements<U> {
      const first = epoch * Math.min(count, endlessPasses);
      for (let pass = 0; pass < count; pass++) {
        let isEmpty = true;
        for await (const element of openPass(first + pass)) {
          isEmpty = false;
          yield element;
        }
        if (isEmpty) {
          return;
        }
      }
    }
    const all = size === 0 ? 0 : count === Infinity ? Infinity : size && size * count;
    const augmentation = this.#augmented((batches) => batches.repeat(count));
    return new Dataset({
      size: all,
      open: (epoch) => repeated(epoch, open),
      openLazily: (epoch) => repeated(epoch, (pass) => this.iterateLazily(pass)),
      ahead: this.ahead,
      batchSize,
      augmentation,
    });
  }

  /**
   * Keeps the elements of pass 0 in memory once a pass has gone through all of them; others take them from there. What is drawn
   * at random before is the same in every pass.
   */
  cache(): Dataset<T> {
    const { size, open, batchSize } = this.#definition;
    return new Dataset({
      size,
      open: keeping(() => open(0)),
      openLazily: keeping(() => keptElements(this.iterateLazily(0))),
      ahead: this.ahead,
      batchSize,
    });
  }

  /** Layers that the batches go through, over other batches. */
  #augmented(change: (batches: Dataset<unknown>) => Dataset<unknown>): DatasetAugmentation | undefined {
    const { augmentation } = this;
    return augmentation && { ...augmentation, batches: change(augmentation.batches) };
  }

  #then<U>(
    stage: (elements: Elements<T>, epoch: number) => Elements<U>,
    size: number | undefined,
    rest: Pick<DatasetDefinition<U>, "batchSize" | "selection" | "augmentation" | "ahead"> = {},
    lazyStage?: (elements: Elements<LazyElement<T>>, epoch: number) => Elements<LazyElement<U>>,
  ): Dataset<U> {
    const { open } = this.#definition;
    const openLazily = lazyStage && ((epoch: number) => lazyStage(this.iterateLazily(epoch), epoch));
    return new Dataset({ size, open: (epoch) => stage(open(epoch), epoch), openLazily, ahead: this.ahead, ...rest });
  }
}

/** Opens passes over what the first whole pass has given, whichever that is: in a training that goes on from a later epoch, say. */
function keeping<T>(open: () => Elements<T>): () => Elements<T> {
  let all: readonly T[] | undefined;
  return async function* cached(): Elements<T> {
    if (all !== undefined) {
      yield* all;
      return;
    }
    const elements: T[] = [];
    for await (const element of open()) {
      elements.push(element);
      yield element;
    }
    all ??= elements;
  };
}

async function* keptElements<T>(elements: Elements<LazyElement<T>>): Elements<LazyElement<T>> {
  for await (const element of elements) {
    yield kept(element);
  }
}

async function* countTo(end: number): Elements<number> {
  for (let index = 0; index < end; index++) {
    yield index;
  }
}

async function* batchElements<T>(
  groups: Elements<{ readonly group: readonly T[]; readonly firstPosition: number }>,
): Elements<Batched<T>> {
  for await (const { group, firstPosition } of groups) {
    yield batchOf(group, firstPosition);
  }
}

async function* batchRows<T>(
  groups: Elements<{ readonly group: readonly number[] }>,
  batch: ArraySelection["batchOf"],
): Elements<Batched<T>> {
  for await (const { group } of groups) {
    yield batch(group) as Batched<T>;
  }
}

async function* lazyBatchesOfRows<T>(
  groups: Elements<{ readonly group: readonly number[] }>,
  batch: ArraySelection["batchOf"],
): Elements<LazyElement<Batched<T>>> {
  for await (const { group } of groups) {
    yield batchOfParts(group.length, async (start, end) => batch(group.slice(start, end)) as Batched<T>);
  }
}

/** What elements may come from, besides arrays. */
export type DatasetSource<T> =
  | Dataset<T>
  | readonly T[]
  | (() => AsyncIterable<T> | Iterable<T>)
  | AsyncIterable<T>
  | Iterable<T>;

/**
 * A data set over arrays as in `fit` (its elements are their samples: `dataset([images, labels])` has elements [image, label],
 * `dataset({ a, b })` elements { a, b }), over a list of any elements, or over what a function gives, such as an async generator:
 *
 *     const train = dataset([images, labels]).shuffle(10_000, { seed: 1 }).batch(32).prefetch(2);
 *     const files = dataset(paths).map(readImage, { concurrency: 4 });
 *     const stream = dataset(async function* () { yield* await connect(); });
 *
 * The function is called for each pass; an iterator that is there already, without a function, gives one pass only.
 *
 * @throws ArgumentError for anything else, ShapeError for arrays that are not of one length
 */
export function dataset<const A extends Arrays>(arrays: A): Dataset<RowOf<A>>;
export function dataset<T>(source: DatasetSource<T>): Dataset<T>;
export function dataset(source: unknown): Dataset<unknown> {
  if (source instanceof Dataset) {
    return source;
  }
  const rows = arrayRows(source);
  if (rows !== undefined) {
    const selection: ArraySelection | undefined = Array.isArray(source)
      ? { arrays: source, batchOf: rows.batch, order: () => countTo(rows.rows), inOrder: true }
      : undefined;
    return new Dataset({ size: rows.rows, open: () => rowElements(rows), selection });
  }
  if (Array.isArray(source)) {
    return new Dataset({ size: source.length, open: () => sourceElements(source) });
  }
  if (typeof source === "function") {
    const open = source as () => unknown;
    return new Dataset({
      size: undefined,
      open: (epoch) => openFunction(open, (made) => made.iterate(epoch), sourceElements),
      openLazily: (epoch) =>
        openFunction(
          open,
          (made) => made.iterateLazily(epoch),
          (made) => madeElements(sourceElements(made)),
        ),
    });
  }
  if (isIterable(source)) {
    let used = false;
    return new Dataset({
      size: undefined,
      open: () => {
        if (used) {
          throw new StateError(
            "dataset: this iterator has been gone through already; pass a function that makes a new one for every pass",
          );
        }
        used = true;
        return sourceElements(source);
      },
    });
  }
  throw new ArgumentError(
    `dataset: the source is ${source === null ? "null" : typeof source}; pass arrays ([images, labels]), a list of elements, or a function ` +
      "that gives elements, such as an async generator",
  );
}

/**
 * A data set whose elements are arrays of one element of each: `zip(images, labels).batch(32)`. Ends with the first that ends.
 */
export function zip<T extends readonly unknown[]>(...datasets: { readonly [K in keyof T]: Dataset<T[K]> }): Dataset<T> {
  const all: readonly Dataset<unknown>[] = datasets;
  if (all.length === 0) {
    throw new ArgumentError("zip: there are no data sets; pass at least one");
  }
  const sizes = all.flatMap(({ size }) => size ?? []);
  return new Dataset({
    size: sizes.length === all.length ? Math.min(...sizes) : undefined,
    open: (epoch) => zipElements(all.map((each) => each.iterate(epoch))) as unknown as Elements<T>,
    openLazily: (epoch) =>
      lazyZip(zipElements(all.map((each) => each.iterateLazily(epoch)))) as unknown as Elements<LazyElement<T>>,
    ahead: Math.max(...all.map(({ ahead }) => ahead)),
  });
}

async function* openFunction<E>(
  source: () => unknown,
  pass: (made: Dataset<unknown>) => Elements<E>,
  elements: (made: AsyncIterable<unknown> | Iterable<unknown>) => Elements<E>,
): Elements<E> {
  const made = source();
  if (made instanceof Dataset) {
    yield* pass(made);
    return;
  }
  if (!isIterable(made)) {
    throw new ElementError(
      `dataset: the function gave ${made === null ? "null" : typeof made}, expected something to iterate over; ` +
        "pass an async generator, say",
    );
  }
  yield* elements(made);
}

function isIterable(value: unknown): value is AsyncIterable<unknown> | Iterable<unknown> {
  return typeof value === "object" && value !== null && (Symbol.asyncIterator in value || Symbol.iterator in value);
}
