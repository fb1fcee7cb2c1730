export type { ArraySelection } from "./arraySelection.js";
export type { Batched } from "./batching.js";
export {
  Dataset,
  type DatasetAugmentation,
  type DatasetSource,
  dataset,
  zip,
} from "./dataset.js";
export type { BatchOptions, MapOptions, ShuffleOptions } from "./datasetOptions.js";
export { type LazyElement, makeElements } from "./lazyElements.js";
export type { Arrays, Row, RowOf } from "./rows.js";
export type { ElementContext } from "./stages.js";
