/** The three ops of a convolution: `conv2d` and its two gradients. */
export const directions = ["forward", "input gradient", "kernel gradient"] as const;

export type Direction = (typeof directions)[number];

/** A convolution of the grid, with "same" padding. */
export interface GridShape {
  readonly direction: Direction;
  readonly kernel: number;
  readonly stride: number;
  /** Of the input. */
  readonly channels: number;
  readonly filters: number;
  /** Rows and columns of the images. */
  readonly size: number;
  readonly batch: number;
}

/** What is varied. */
export const gridAxes = {
  kernels: [1, 3, 5, 7],
  strides: [1, 2],
  channels: [3, 16, 64, 256],
  sizes: [7, 14, 28, 56, 112, 224],
} as const;

/** Images of three channels become this many. */
const filtersOfImages = 32;
/** Largest batch, and what its input or output may hold, in numbers. */
const maxBatch = 32;
const maxNumbers = 8e6;
/** Most operations that an image may take: what takes longer says nothing that smaller images do not. */
const maxFlops = 4e9;

/** Every convolution of the grid that is small enough to be measured, kernels outermost, directions innermost. */
export function gridShapes(): GridShape[] {
  const { kernels, strides, channels, sizes } = gridAxes;
  return kernels.flatMap((kernel) =>
    strides.flatMap((stride) =>
      channels.flatMap((inputs) =>
        sizes.flatMap((size) => {
          const filters = inputs === 3 ? filtersOfImages : inputs;
          const outputs = Math.ceil(size / stride) ** 2 * filters;
          if (2 * outputs * kernel ** 2 * inputs > maxFlops) {
            return [];
          }
          const fitting = Math.floor(maxNumbers / Math.max(size ** 2 * inputs, outputs));
          const batch = Math.min(maxBatch, Math.max(1, fitting));
          return directions.map((direction) => ({
            ...{ direction, kernel, stride, channels: inputs, filters, size, batch },
          }));
        }),
      ),
    ),
  );
}
