import { declaredIdxSize } from "./idx.js";
import type { PublishedFile, PublishedSet } from "./load.js";
import type { DigestAlgorithm } from "./store.js";

/** The files of a set in MNIST's format. */
export type MnistRole = "trainImages" | "trainLabels" | "testImages" | "testLabels";

type Row = readonly [packedBytes: number, packedSha256: string, contentDigest: string];

/** Headers of 4 bytes and 4 for each dimension, then a byte for each pixel or label. */
function files(algorithm: DigestAlgorithm, rows: Readonly<Record<MnistRole, Row>>): Record<MnistRole, PublishedFile> {
  const file = (name: string, unpackedBytes: number, [packedBytes, packedSha256, digest]: Row): PublishedFile => ({
    name,
    packedBytes,
    unpackedBytes,
    packedSha256,
    content: { algorithm, digest },
  });
  return {
    trainImages: file("train-images-idx3-ubyte", 16 + 60_000 * 28 * 28, rows.trainImages),
    trainLabels: file("train-labels-idx1-ubyte", 8 + 60_000, rows.trainLabels),
    testImages: file("t10k-images-idx3-ubyte", 16 + 10_000 * 28 * 28, rows.testImages),
    testLabels: file("t10k-labels-idx1-ubyte", 8 + 10_000, rows.testLabels),
  };
}

/** SHA-256 of the content computed from the published files; those packed agree with many public loaders. */
export const mnistFiles: PublishedSet<MnistRole> = {
  title: "MNIST",
  folder: "mnist",
  declaredSize: declaredIdxSize,
  mirrors: ["https://ossci-datasets.s3.amazonaws.com/mnist/", "https://storage.googleapis.com/cvdf-datasets/mnist/"],
  files: files("sha256", {
    trainImages: [
      9_912_422,
      "440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
      "ba891046e6505d7aadcbbe25680a0738ad16aec93bde7f9b65e87a2fc25776db",
    ],
    trainLabels: [
      28_881,
      "3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
      "65a50cbbf4e906d70832878ad85ccda5333a97f0f4c3dd2ef09a8a9eef7101c5",
    ],
    testImages: [
      1_648_877,
      "8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
      "0fa7898d509279e482958e8ce81c8e77db3f2f8254e26661ceb7762c4d494ce7",
    ],
    testLabels: [
      4_542,
      "f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
      "ff7bcfd416de33731a308c3f266cc351222c34898ecbeaf847f06e48f7ec33f2",
    ],
  }),
};

/**
 * Digests as in torchvision (packed: MD5 there, SHA-256 in its prototype loaders); of the content only MD5 is published,
 * which Node checks and browsers cannot: there a copy packed anew passes by its format alone.
 */
export const fashionMnistFiles: PublishedSet<MnistRole> = {
  title: "Fashion-MNIST",
  folder: "fashion-mnist",
  declaredSize: declaredIdxSize,
  mirrors: [
    "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/",
    "https://raw.githubusercontent.com/zalandoresearch/fashion-mnist/master/data/fashion/",
  ],
  files: files("md5", {
    trainImages: [
      26_421_880,
      "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
      "f4a8712d7a061bf5bd6d2ca38dc4d50a",
    ],
    trainLabels: [
      29_515,
      "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
      "9018921c3c673c538a1fc5bad174d6f9",
    ],
    testImages: [
      4_422_102,
      "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
      "8181f5470baa50b63fa0f6fddb340f0a",
    ],
    testLabels: [
      5_148,
      "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
      "15d484375f8d13e6eb1aabb0c3f46965",
    ],
  }),
};

/** As for Fashion-MNIST. MD5 of the content: from the git-annex keys of github.com/datasets-mila/datasets--kmnist. */
export const kmnistFiles: PublishedSet<MnistRole> = {
  title: "KMNIST",
  folder: "kmnist",
  declaredSize: declaredIdxSize,
  mirrors: ["http://codh.rois.ac.jp/kmnist/dataset/kmnist/", "https://codh.rois.ac.jp/kmnist/dataset/kmnist/"],
  files: files("md5", {
    trainImages: [
      18_165_135,
      "51467d22d8cc72929e2a028a0428f2086b092bb31cfb79c69cc0a90ce135fde4",
      "92be26ec9822e900ac425d0a0aa84ced",
    ],
    trainLabels: [
      29_497,
      "e38f9ebcd0f3ebcdec7fc8eabdcdaef93bb0df8ea12bee65224341c8183d8e17",
      "949e75301f8813e0dc5800dcc320fc52",
    ],
    testImages: [
      3_041_136,
      "edd7a857845ad6bb1d0ba43fe7e794d164fe2dce499a1694695a792adfac43c5",
      "bf305b8cd328700fbc17f5acbc2856d2",
    ],
    testLabels: [
      5_120,
      "20bb9a0ef54c7db3efc55a92eef5582c109615df22683c380526788f98e42a1c",
      "9f55f451c0988b028eccdf7d5cc265ab",
    ],
  }),
};
