import { DatasetError } from "@convoy/core";
import { cifar10, fashionMnist, kmnist, type LabelledImages, mnist } from "@convoy/core/datasets";
import { type ModelName, syntheticShape } from "../networks/models.js";
import { drawImages } from "./syntheticImages.js";

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
    return drawSet(shape, seed);
  }
  try {
    const { train, test } = await read[dataset]();
    return { dataset, train, test };
  } catch (error) {
    if (!replaceable.includes(dataset) || !(error instanceof DatasetError)) {
      throw error;
    }
    print(`${reasonOf(error)}; going on with synthetic images. CONVOY_DATA_DIR can name a folder that holds the set`);
    return drawSet(shape, seed);
  }
}

/** Digits as many as MNIST has; of other shapes as many as are made in about a second. */
function drawSet(shape: readonly number[], seed: number): TrainingData {
  const size = shape.reduce((product, length) => product * length, 1);
  const samples = size === 784 ? 60_000 : Math.max(64, Math.floor(10_000_000 / size));
  const testSamples = size === 784 ? 10_000 : Math.ceil(samples / 4);
  return {
    dataset: "synthetic",
    train: drawImages(shape, samples, 2 * seed),
    test: drawImages(shape, testSamples, 2 * seed + 1),
  };
}

/** The message without the list of places that were tried. */
function reasonOf({ message }: DatasetError): string {
  return (message.split("\n", 1)[0] as string).replace(/\. Tried:$/, "");
}
