/**
 * Colours of samples, within low and high: scaleChannels y[n,...,c] = f[n,c] x[n,...,c] + f[n,C + c]; adjustContrast
 * y[n,h,w,c] = (x[n,h,w,c] - m[n,c]) f[n] + m[n,c]; adjustHsv turns the hue of RGB pixels by f[n,0] and scales their saturation by
 * f[n,1], the formula is in core. input [N,...,C] -> the same.
 *
 * Cost: 8 bytes and 4 or 5 FLOP a number, 18 of the hue. Vectors lie along the channels; an invocation turns one pixel.
 */

import { type OpAttributes, sizeOf } from "@convoy/core/backend";
import { float, floats, invocations, reads, vectorWidth, writes } from "../wgsl/shader.js";
import type { Kernel } from "./kernel.js";

type Range = OpAttributes["scaleChannels"];

function within(value: string, { low, high }: Range, type: string): string {
  return `clamp(${value}, ${type}(${float(low)}), ${type}(${float(high)}))`;
}

export const scaleChannels: Kernel<Range> = {
  dispatches({ label, attributes, inputs: [input, factors], outputs: [output] }) {
    const channels = factors!.shape[1]! / 2;
    const width = vectorWidth(channels);
    const type = floats(width);
    const vectors = channels / width;
    const size = sizeOf(input!.shape) / width;
    const body = `
    let at = index / ${size / input!.shape[0]!}u * ${2 * vectors}u + index % ${vectors}u;
    y[index] = ${within(`f[at] * x[index] + f[at + ${vectors}u]`, attributes, type)};`;
    const tensors = { x: reads(input!, type), f: reads(factors!, type), y: writes(output!, type) };
    return [invocations(size, body, { label, tensors })];
  },
};

export const adjustContrast: Kernel<OpAttributes["adjustContrast"]> = {
  dispatches({ label, attributes, inputs: [input, means, factors], outputs: [output] }) {
    const [batch, , , channels] = input!.shape as [number, number, number, number];
    const width = vectorWidth(channels);
    const type = floats(width);
    const vectors = channels / width;
    const size = sizeOf(input!.shape) / width;
    const body = `
    let n = index / ${size / batch}u;
    let mean = m[n * ${vectors}u + index % ${vectors}u];
    y[index] = ${within("(x[index] - mean) * f[n] + mean", attributes, type)};`;
    const tensors = {
      x: reads(input!, type),
      m: reads(means!, type),
      f: reads(factors!),
      y: writes(output!, type),
    };
    return [invocations(size, body, { label, tensors })];
  },
};

/** WGSL function `turned(pixel, turn, saturation)` of pixels from 0 to 1, the turn in sixths. */
const turnedDeclaration = `fn turned(pixel: vec3f, turn: f32, saturation: f32) -> vec3f {
  let value = max(pixel.r, max(pixel.g, pixel.b));
  let range = value - min(pixel.r, min(pixel.g, pixel.b));
  var hue = turn;
  if (range != 0.0) {
    if (value == pixel.r) {
      hue += (pixel.g - pixel.b) / range;
    } else if (value == pixel.g) {
      hue += (pixel.b - pixel.r) / range + 2.0;
    } else {
      hue += (pixel.r - pixel.g) / range + 4.0;
    }
  }
  var chroma = 0.0;
  if (value != 0.0) {
    chroma = value * clamp(range / value * saturation, 0.0, 1.0);
  }
  let phase = vec3f(5.0, 3.0, 1.0) + hue;
  let place = phase - 6.0 * floor(phase / 6.0);
  return value - chroma * max(vec3f(0.0), min(vec3f(1.0), min(place, 4.0 - place)));
}
`;

export const adjustHsv: Kernel<OpAttributes["adjustHsv"]> = {
  dispatches({ label, attributes: { low, high }, inputs: [input, factors], outputs: [output] }) {
    const pixels = sizeOf(input!.shape) / 3;
    const size = float(high - low);
    const body = `
    let n = index / ${pixels / input!.shape[0]!}u;
    let at = index * 3u;
    let pixel = (vec3f(x[at], x[at + 1u], x[at + 2u]) - ${float(low)}) / ${size};
    let colour = ${float(low)} + ${size} * saturate(turned(pixel, 6.0 * f[n * 2u], f[n * 2u + 1u]));
    y[at] = colour.r;
    y[at + 1u] = colour.g;
    y[at + 2u] = colour.b;`;
    const tensors = { x: reads(input!), f: reads(factors!), y: writes(output!) };
    return [invocations(pixels, body, { label, tensors, declarations: turnedDeclaration })];
  },
};
