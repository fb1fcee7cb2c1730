/** Pictures of data and training: grids of images, curves, confusion matrices. */

export { type CanvasContextLike, type CanvasLike, type ImageGridOptions, imageGrid, Picture } from "./imageGrid.js";
export { type PlotConfusionMatrixOptions, plotConfusionMatrix } from "./plotConfusionMatrix.js";
export { type HistoryInput, type PlotHistoryOptions, plotHistory } from "./plotHistory.js";
export type { Pixels } from "./png.js";
