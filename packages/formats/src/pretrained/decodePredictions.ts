import { ArgumentError, formatShape, ModelFileError, type Tensor } from "@convoy/core";
import { type DatasetOptions, publishedFile } from "@convoy/core/datasets";
import { classIndex } from "./published.js";

/** A class that an image may be of. */
export interface ImageNetGuess {
  /** WordNet's number: "n02123159". */
  readonly id: string;
  /** "tiger_cat" */
  readonly name: string;
  /** As the network gives it: its probability where the classifier ends in softmax. */
  readonly score: number;
}

/** Settings of `decodePredictions`. */
export interface DecodeOptions {
  /** How many classes of each image, the likeliest first; default 5. */
  readonly top?: number;
  /** Folders, cache and mirrors for the list of names, as for data sets. */
  readonly download?: DatasetOptions;
}

/**
 * The likeliest classes of ImageNet for predictions [N,1000]. Keras' `decode_predictions`. The names are downloaded once, from
 * where Keras has them. Throws `ArgumentError` for other shapes, `DatasetError` that names the file where it cannot be had.
 */
export async function decodePredictions(
  { data, shape }: Tensor,
  { top = 5, download }: DecodeOptions = {},
): Promise<ImageNetGuess[][]> {
  const [count = 0, classes] = shape;
  if (shape.length !== 2 || classes !== 1000) {
    throw new ArgumentError(`decodePredictions: predictions have shape ${formatShape(shape)}, expected [N,1000]`);
  }
  const { bytes, source } = await publishedFile(classIndex, download);
  let names: Record<string, readonly [string, string]>;
  try {
    names = JSON.parse(new TextDecoder().decode(bytes));
  } catch (error) {
    throw new ModelFileError(`${source} is no list of class names: ${(error as Error).message}`, { cause: error });
  }
  return Array.from({ length: count }, (_, image) =>
    Array.from(data.subarray(image * 1000, image * 1000 + 1000), (score, index) => ({ score, index }))
      .sort((a, b) => b.score - a.score || a.index - b.index)
      .slice(0, top)
      .map(({ score, index }) => {
        const [id = "", name = `class ${index}`] = names[index] ?? [];
        return { id, name, score };
      }),
  );
}
