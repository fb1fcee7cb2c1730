import { DatasetError } from "@convoy/core";
import { fashionMnist, kmnist, type LabelledImages, mnist, syntheticDigits } from "@convoy/core/datasets";

/** The data sets that can be trained on. */
export const datasetNames = ["mnist", "fashion-mnist", "kmnist", "synthetic"] as const;

export type DatasetName = (typeof datasetNames)[number];

/** Images to train on and to test with. */
export interface TrainingData {
  readonly dataset: DatasetName;
  readonly train: LabelledImages;
  readonly test: LabelledImages;
}

/** Number of synthetic digits: as many as MNIST has. */
const syntheticSamples = { train: 60_000, test: 10_000 };

/** Where the published sets come from. */
export type Readers = Readonly<
  Record<Exclude<DatasetName, "synthetic">, () => Promise<Pick<TrainingData, "train" | "test">>>
>;

const readers: Readers = { mnist, "fashion-mnist": fashionMnist, kmnist };

/**
 * Loads a data set. Where MNIST cannot be loaded it says so and draws synthetic digits instead. Throws `DatasetError` for the
 * other sets, which have no replacement.
 */
export async function loadData(
  dataset: DatasetName,
  seed: number,
  print: (line: string) => void,
  read: Readers = readers,
): Promise<TrainingData> {
  if (dataset === "synthetic") {
    return drawDigits(seed);
  }
  try {
    const { train, test } = await read[dataset]();
    return { dataset, train, test };
  } catch (error) {
    if (dataset !== "mnist" || !(error instanceof DatasetError)) {
      throw error;
    }
    print(`${reasonOf(error)}; going on with synthetic digits. CONVOY_DATA_DIR can name a folder that holds the set`);
    return drawDigits(seed);
  }
}

function drawDigits(seed: number): TrainingData {
  return {
    dataset: "synthetic",
    train: syntheticDigits({ samples: syntheticSamples.train, seed: 2 * seed }),
    test: syntheticDigits({ samples: syntheticSamples.test, seed: 2 * seed + 1 }),
  };
}

/** The message without the list of places that were tried. */
function reasonOf({ message }: DatasetError): string {
  return (message.split("\n", 1)[0] as string).replace(/\. Tried:$/, "");
}
