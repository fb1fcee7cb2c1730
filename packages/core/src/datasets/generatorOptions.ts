import { ArgumentError } from "../errors.js";

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

const fillModes: readonly unknown[] = ["nearest", "constant", "reflect", "wrap"];

/**
 * What options must be that go on to layers as they are, or under another name: an error of the layer would name its own options. The
 * others are checked where layers are made of them.
 */
const expectations: readonly {
  readonly options: readonly (keyof ImageDataGeneratorOptions)[];
  readonly expected: string;
  readonly fits: (value: unknown) => boolean;
}[] = [
  { options: ["rotationRange"], expected: "degrees from 0 to 360", fits: (value) => isBetween(value, 0, 360) },
  {
    options: ["widthShiftRange", "heightShiftRange"],
    expected: "a number from 0 on, or a list of numbers",
    fits: (value) => Array.isArray(value) || isBetween(value, 0, Infinity),
  },
  { options: ["fillMode"], expected: fillModes.join(", "), fits: (value) => fillModes.includes(value) },
  { options: ["cval", "rescale"], expected: "a finite number", fits: Number.isFinite },
  {
    options: ["horizontalFlip", "verticalFlip", "featurewiseCenter", "featurewiseStdNormalization"],
    expected: "true or false",
    fits: (value) => typeof value === "boolean",
  },
];

/** Throws `ArgumentError` for values that the layers of a generator could not take, in the generator's own terms. */
export function expectGeneratorOptions(given: ImageDataGeneratorOptions): void {
  for (const { options, expected, fits } of expectations) {
    for (const option of options) {
      const value: unknown = given[option];
      if (value !== undefined && !fits(value)) {
        throw new ArgumentError(`imageDataGenerator: ${option} is ${String(value)}, expected ${expected}`);
      }
    }
  }
}

function isBetween(value: unknown, low: number, high: number): boolean {
  return typeof value === "number" && value >= low && value <= high;
}
