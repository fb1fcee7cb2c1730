/** The part of a pooling window that lies inside the input: clipped once, not tested at every position. */

/** First position of a window of positions `dilation` apart, starting at `start`, that is not negative. */
// @inline
export function firstInside(start: i32, dilation: i32): i32 {
  return start >= 0 ? 0 : (dilation - 1 - start) / dilation;
}

/** The position after the last one of `size` that lies below `limit`. */
// @inline
export function endInside(start: i32, size: i32, dilation: i32, limit: i32): i32 {
  return start >= limit ? 0 : min(size, (limit - 1 - start) / dilation + 1);
}
