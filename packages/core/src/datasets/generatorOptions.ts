/** Settings of `imageDataGenerator`; names, ranges and defaults are those of Keras' `ImageDataGenerator`. */
export interface ImageDataGeneratorOptions {
  /** Degrees to either side; default 0. */
  readonly rotationRange?: number;
  /** Below 1 a share of the width, from 1 on a number of pixels, or a list of pixels to take one of, to either side; default 0. */
  readonly widthShiftRange?: number | readonly number[];
  /** As `widthShiftRange`, of the height. */
  readonly heightShiftRange?: number | readonly number[];
  /** Degrees to either side; default 0. */
  readonly shearRange?: number;
  /** z for a factor from 1 - z to 1 + z, or [lower, upper]; below 1 nearer; drawn for each axis. Default 0. */
  readonly zoomRange?: number | readonly [number, number];
  /** How much is added to all pixels or taken off at most; default 0. */
  readonly channelShiftRange?: number;
  /** What pixels are multiplied with, from [lower, upper]: 1 leaves them as they are. */
  readonly brightnessRange?: readonly [number, number];
  /** Default false. */
  readonly horizontalFlip?: boolean;
  /** Default false. */
  readonly verticalFlip?: boolean;
  /** Default "nearest". */
  readonly fillMode?: "nearest" | "constant" | "reflect" | "wrap";
  /** What lies beyond the edges with the fill mode constant; default 0. */
  readonly cval?: number;
  /** 0 takes the nearest pixel, 1 (default) mixes the four around. */
  readonly interpolationOrder?: 0 | 1;
  /** What pixels are multiplied with in the end; default: nothing. */
  readonly rescale?: number;
  /** Takes off the mean of each channel, which `fit` finds; default false. */
  readonly featurewiseCenter?: boolean;
  /** Divides by the deviation of each channel, which `fit` finds; default false. */
  readonly featurewiseStdNormalization?: boolean;
  /** Share of the images at the beginning that `subset: "validation"` is; default 0. */
  readonly validationSplit?: number;
  /** Lowest and highest value of the pixels before `rescale`, which colours are kept within; default [0, 255]. Not in Keras. */
  readonly valueRange?: readonly [number, number];
  /** Gets the line that says which layers it stands for; default `console.log`. Not in Keras. */
  readonly print?: (text: string) => void;
}
