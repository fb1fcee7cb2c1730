import { type Shape, sizeOf } from "./definition.js";

/** Settings of ops that draw random numbers for every element. */
export interface DrawnForRows {
  /**
   * Where processes train together, each on some rows of a batch: the row of the whole batch that is the input's first. Numbers are drawn
   * by an element's place in the whole batch, whoever computes it. Default 0.
   */
  readonly firstRow?: number;
}

/** The place in the whole batch of an input's first element. */
export function firstElement({ firstRow = 0 }: DrawnForRows, shape: Shape): number {
  return firstRow * sizeOf(shape.slice(1));
}
