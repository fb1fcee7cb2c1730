import { DatasetError } from "@convoy/core";
import { cifar10, fashionMnist, kmnist, type LabelledImages, mnist, syntheticDigits } from "@convoy/core/datasets";
import { type ModelName, syntheticShape } from "../networks/models.js";
import { syntheticImages } from "./syntheticImages.js";

/** The data sets that can be trained on. */
export const datasetNames = ["mnist", "fashion-mnist", "kmnist", "cifar10", "synthetic"] as const;

export type DatasetName = (typeof datasetNames)[number];

/** Images to train on and to test with. */
export interface TrainingData {
  readonly dataset: DatasetName;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/** Where the published sets come from. */
export type Readers = Readonly<
  Record<Exclude<DatasetName, "synthetic">, () => Promise<Pick<TrainingData, "train" | "test">>>
>;

const readers: Readers = { mnist, "fashion-mnist": fashionMnist, kmnist, cifar10 };
/** Sets that synthetic images may stand in for: those that nobody need have asked for. */
const replaceable: readonly DatasetName[] = ["mnist", "cifar10"];

const usual: Readonly<Record<string, DatasetName>> = { "28x28x1": "mnist", "32x32x3": "cifar10" };

/** What a network is trained on where nobody says. */
export function usualDataset(model: ModelName): DatasetName {
  return usual[syntheticShape(model).join("x")] ?? "synthetic";
}

/**
 * Loads a data set. Where MNIST or CIFAR-10 cannot be loaded it says so and draws synthetic images of the shape [H,W,C] instead.
 * Throws `DatasetError` for the other sets, which have no replacement.
 */
export async function loadData(
  dataset: DatasetName,
  shape: readonly number[],
  seed: number,
  print: (line: string) => void,
  read: Readers = readers,
): Promise<TrainingData> {
  if (dataset === "synthetic") {
    return drawImages(shape, seed);
  }
  try {
    const { train, test } = await read[dataset]();
    return { dataset, train, test };
  } catch (error) {
    if (!replaceable.includes(dataset) || !(error instanceof DatasetError)) {
      throw error;
    }
    print(`${reasonOf(error)}; going on with synthetic images. CONVOY_DATA_DIR can name a folder that holds the set`);
    return drawImages(shape, seed);
  }
}

/** Digits as many as MNIST has; of other shapes as many as are made in about a second. */
function drawImages(shape: readonly number[], seed: number): TrainingData {
  const [height, width, channels] = shape as [number, number, number];
  if (shape.join() === "28,28,1") {
    return {
      dataset: "synthetic",
      train: syntheticDigits({ samples: 60_000, seed: 2 * seed }),
      test: syntheticDigits({ samples: 10_000, seed: 2 * seed + 1 }),
    };
  }
  const pixels = 10_000_000;
  const samples = Math.max(64, Math.floor(pixels / (height * width * channels)));
  return {
    dataset: "synthetic",
    train: syntheticImages(samples, [height, width, channels], 2 * seed),
    test: syntheticImages(Math.ceil(samples / 4), [height, width, channels], 2 * seed + 1),
  };
}

/** The message without the list of places that were tried. */
function reasonOf({ message }: DatasetError): string {
  return (message.split("\n", 1)[0] as string).replace(/\. Tried:$/, "");
}
