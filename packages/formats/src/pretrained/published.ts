import type { DownloadableFile } from "@convoy/core/datasets";

/** Where Keras publishes the weights of its applications. */
const kerasFolder = "https://storage.googleapis.com/tensorflow/keras-applications/";

/** Networks whose weights are published under one name with and without the classifier, with MD5 sums as in Keras' sources. */
const kerasFiles: Readonly<
  Record<string, readonly [folder: string, whole: string, withoutTop: string, megabytes: number]>
> = {
  vgg16: ["vgg16", "64373286793e3c8b2b4e3219cbf3544b", "6d6bbae143d832006294945121d1f1fc", 553],
  vgg19: ["vgg19", "cbe5617147190e668d6c5d5026f83318", "253f8cb515780f3b799900260a226db6", 575],
  resnet50: ["resnet", "2cb95161c43110f7111970584f804107", "4d473c1dd8becc155b73f8504c6f6626", 103],
  densenet121: ["densenet", "9d60b8095a5708f2dcce2bca79d332c7", "30ee3e1110167f948a6b9946edeeb738", 33],
};

/** Widths and sizes of images for which Keras publishes weights of MobileNetV2. */
const mobileNetAlphas = [0.35, 0.5, 0.75, 1, 1.3, 1.4];
const mobileNetSizes = [96, 128, 160, 192, 224];

const folder = "pretrained";

/** The weights of a network as Keras publishes them. */
export function kerasWeights(network: keyof typeof kerasFiles & string, includeTop: boolean): DownloadableFile {
  const [place, whole, withoutTop, megabytes] = kerasFiles[network]!;
  return {
    title: `${network} (ImageNet)`,
    folder,
    name: `${network}_weights_tf_dim_ordering_tf_kernels${includeTop ? "" : "_notop"}.h5`,
    mirrors: [`${kerasFolder}${place}/`],
    digest: { algorithm: "md5", value: includeTop ? whole : withoutTop },
    approximateBytes: megabytes * 1e6,
  };
}

/** The weights of MobileNetV2, of which Keras publishes no digests; undefined for widths that there are none of. */
export function mobileNetWeights(alpha: number, rows: number, includeTop: boolean): DownloadableFile | undefined {
  const size = mobileNetSizes.includes(rows) ? rows : 224;
  if (!mobileNetAlphas.includes(alpha)) {
    return undefined;
  }
  const width = Number.isInteger(alpha) ? alpha.toFixed(1) : String(alpha);
  return {
    title: `mobilenet_v2 (ImageNet, alpha ${width})`,
    folder,
    name: `mobilenet_v2_weights_tf_dim_ordering_tf_kernels_${width}_${size}${includeTop ? "" : "_no_top"}.h5`,
    mirrors: [`${kerasFolder}mobilenet_v2/`],
    approximateBytes: 4e6 + 10e6 * alpha * alpha,
  };
}

/** Weights of ResNet-18 as timm publishes them, with torchvision's names. */
export const resnet18Weights: DownloadableFile = {
  title: "resnet18 (ImageNet)",
  // timm calls every file so.
  folder: `${folder}/resnet18.a1_in1k`,
  name: "model.safetensors",
  mirrors: ["https://huggingface.co/timm/resnet18.a1_in1k/resolve/main/"],
  approximateBytes: 47e6,
};

/** Weights of MobileNetV4-Conv-Small as timm publishes them. */
export const mobileNetV4Weights: DownloadableFile = {
  title: "mobilenetv4_conv_small (ImageNet)",
  folder: `${folder}/mobilenetv4_conv_small.e2400_r224_in1k`,
  name: "model.safetensors",
  mirrors: ["https://huggingface.co/timm/mobilenetv4_conv_small.e2400_r224_in1k/resolve/main/"],
  approximateBytes: 15e6,
};

/** Names of ImageNet's classes in the order of all these networks. */
export const classIndex: DownloadableFile = {
  title: "ImageNet's class names",
  folder,
  name: "imagenet_class_index.json",
  mirrors: ["https://storage.googleapis.com/download.tensorflow.org/data/"],
  digest: { algorithm: "md5", value: "c2c37ea517e94d9795004a39431a14cb" },
};
