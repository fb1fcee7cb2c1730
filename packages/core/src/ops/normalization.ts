import { formatShape, ShapeError } from "../errors.js";
import { lastAxis } from "./checks.js";
import type { TensorSpec } from "./definition.js";

/** What the normalizations share. */
export interface NormAttributes {
  /** Added to the variance under the root. */
  readonly epsilon: number;
  /** Whether there is a gamma, which multiplies. */
  readonly scale: boolean;
  /** Whether there is a beta, which is added. Gamma comes before beta in the list of inputs. */
  readonly center: boolean;
}

/** Throws unless `vector` has one number for each channel of `input` [...,C]. */
export function expectChannels(what: string, vector: TensorSpec, input: TensorSpec): void {
  if (vector.shape.length !== 1 || vector.shape[0] !== lastAxis(input.shape)) {
    throw new ShapeError(
      `${what} has shape ${formatShape(vector.shape)}, expected one number for each of the ${lastAxis(input.shape)} ` +
        `channels of input ${formatShape(input.shape)}`,
    );
  }
}

/** Throws unless `input` has rows of channels: two dimensions or more. */
export function expectRowsOfChannels(what: string, input: TensorSpec): void {
  if (input.shape.length < 2) {
    throw new ShapeError(`${what} has shape ${formatShape(input.shape)}, expected at least 2 dimensions [...,C]`);
  }
}

/** Throws unless `vectors`, the inputs at the end of the list, are gamma and beta as the attributes say. */
export function expectGammaAndBeta(
  op: string,
  input: TensorSpec,
  vectors: readonly TensorSpec[],
  { scale, center }: Pick<NormAttributes, "scale" | "center">,
): void {
  const names = [...(scale ? ["gamma"] : []), ...(center ? ["beta"] : [])];
  if (vectors.length !== names.length) {
    throw new ShapeError(
      `${op}: ${vectors.length} of gamma and beta given, expected ${names.length} (scale: ${scale}, center: ${center})`,
    );
  }
  names.forEach((name, index) => {
    expectChannels(`${op}: ${name}`, vectors[index]!, input);
  });
}
