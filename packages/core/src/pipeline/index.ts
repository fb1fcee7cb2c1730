export type { Batched } from "./batching.js";
export {
  type ArraySelection,
  type BatchOptions,
  Dataset,
  type DatasetAugmentation,
  type DatasetSource,
  dataset,
  type MapOptions,
  type ShuffleOptions,
  zip,
} from "./dataset.js";
export { type LazyElement, makeElements } from "./lazyElements.js";
export type { Arrays, Row, RowOf } from "./rows.js";
export type { ElementContext } from "./stages.js";
