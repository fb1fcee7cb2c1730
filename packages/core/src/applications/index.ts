export type { ApplicationOptions } from "./application.js";
export { denseNet121 } from "./denseNet.js";
export { lenet5 } from "./lenet5.js";
export { augmented, type NetworkName, simple, tutorial } from "./mnistNetworks.js";
export { type MobileNetV2Options, mobileNetV2 } from "./mobileNetV2.js";
export { mobileNetV4ConvSmall } from "./mobileNetV4.js";
export { resnet18, resnet20Cifar, resnet50 } from "./resnet.js";
export { type SqueezeNetOptions, squeezeNet } from "./squeezeNet.js";
export { vgg16, vgg19 } from "./vgg.js";
