/** A file of CIFAR's binary version: records of label bytes and 3,072 bytes of pixels. */
export interface CifarFile {
  readonly name: string;
  readonly records: number;
  readonly sha256: string;
}

/** The files of a set, or of a part of one. */
export interface CifarFiles {
  /** What results are called by. */
  readonly name: string;
  /** Folders in which they may be, plain or `.gz`. */
  readonly folders: readonly string[];
  readonly train: readonly CifarFile[];
  readonly test: readonly CifarFile[];
}

/** A set as it is published: one archive. */
export interface CifarSet {
  readonly title: string;
  readonly mirrors: readonly string[];
  readonly archive: { readonly name: string; readonly packedBytes: number; readonly sha256: string };
  /** The bytes of labels before the pixels. */
  readonly labels: readonly CifarLabel[];
  readonly published: CifarFiles;
  /** Other files of the format that are known by name. */
  readonly subsets: readonly CifarFiles[];
}

/** One label byte of a record. */
export interface CifarLabel {
  readonly name: string;
  readonly classNames: readonly string[];
}

const mirrors = ["https://www.cs.toronto.edu/~kriz/"];

/**
 * https://www.cs.toronto.edu/~kriz/cifar.html, "CIFAR-10 binary version": MD5 of the archive is published there as
 * c32a1d4ab5d03f1284b67883e8d87530; SHA-256 of archive and files as public loaders have them.
 */
export const cifar10Set: CifarSet = {
  title: "CIFAR-10",
  mirrors,
  archive: {
    name: "cifar-10-binary.tar.gz",
    packedBytes: 170_052_171,
    sha256: "c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
  },
  labels: [{ name: "label", classNames: "airplane automobile bird cat deer dog frog horse ship truck".split(" ") }],
  published: {
    name: "CIFAR-10",
    folders: ["cifar-10", "cifar-10-batches-bin"],
    train: [
      "cee916563c9f80d84e3cc88e17fdc0941787f1244f00a67874d45b261883ada5",
      "a591ca11fa1708a91ee40f54b3da4784ccd871ecf2137de63f51ada8b3fa57ed",
      "bbe8596564c0f86427f876058170b84dac6670ddf06d79402899d93ceea26f67",
      "014e562d6e23c72197cc727519169a60359f5eccd8945ad5a09d710285ff4e48",
      "755304fc0b379caeae8c14f0dac912fbc7d6cd469eb67a1029a08a39453a9add",
    ].map((sha256, index) => ({ name: `data_batch_${index + 1}.bin`, records: 10_000, sha256 })),
    test: [
      {
        name: "test_batch.bin",
        records: 10_000,
        sha256: "8e2eb146ae340b09e24670f29cabc6326dba54da8789dab6768acf480273f65b",
      },
    ],
  },
  subsets: [
    {
      // Decoded from JPEG files, so that pixels differ a little from those published; as many of each class.
      name: "CIFAR-10 (JPEG subset)",
      folders: ["cifar-10-jpeg-subset"],
      train: [
        {
          name: "data_batch_1.bin",
          records: 10_000,
          sha256: "62486dca9608c7788c84103fb1f5019886d8efbafc86e9c2c7de0ffacf531985",
        },
      ],
      test: [
        {
          name: "test_batch.bin",
          records: 2_000,
          sha256: "c3606efc1decec16d6fee3b140e29c4df3a4e16155ad72f67d7e625d247ff67f",
        },
      ],
    },
  ],
};

/** As above; MD5 of the archive: 03b5dce01913d631647c71ecec9e9cb8. */
export const cifar100Set: CifarSet = {
  title: "CIFAR-100",
  mirrors,
  archive: {
    name: "cifar-100-binary.tar.gz",
    packedBytes: 168_513_733,
    sha256: "58a81ae192c23a4be8b1804d68e518ed807d710a4eb253b1f2a199162a40d8ec",
  },
  labels: [
    {
      name: "coarse label",
      classNames: [
        ..."aquatic_mammals fish flowers food_containers fruit_and_vegetables household_electrical_devices".split(" "),
        ..."household_furniture insects large_carnivores large_man-made_outdoor_things".split(" "),
        ..."large_natural_outdoor_scenes large_omnivores_and_herbivores medium_mammals".split(" "),
        ..."non-insect_invertebrates people reptiles small_mammals trees vehicles_1 vehicles_2".split(" "),
      ],
    },
    {
      name: "fine label",
      classNames: [
        ..."apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly".split(
          " ",
        ),
        ..."camel can castle caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile".split(" "),
        ..."cup dinosaur dolphin elephant flatfish forest fox girl hamster house kangaroo keyboard lamp".split(" "),
        ..."lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse mushroom".split(" "),
        ..."oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy".split(" "),
        ..."porcupine possum rabbit raccoon ray road rocket rose sea seal shark shrew skunk skyscraper".split(" "),
        ..."snail snake spider squirrel streetcar sunflower sweet_pepper table tank telephone".split(" "),
        ..."television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm".split(" "),
      ],
    },
  ],
  published: {
    name: "CIFAR-100",
    folders: ["cifar-100", "cifar-100-binary"],
    train: [
      {
        name: "train.bin",
        records: 50_000,
        sha256: "f31298fc616915fa142368359df1c4ca2ae984d6915ca468b998a5ec6aeebf29",
      },
    ],
    test: [
      {
        name: "test.bin",
        records: 10_000,
        sha256: "d8b1e6b7b3bee4020055f0699b111f60b1af1e262aeb93a0b659061746f8224a",
      },
    ],
  },
  subsets: [],
};
