import type { KernelOf } from "./kernel.js";

/** y[n,...,c] = min(max(f[n,c] x[n,...,c] + f[n,C + c], low), high); input [N,...,C], factors [N,2C] -> [N,...,C] */
export const scaleChannels: KernelOf<"scaleChannels"> = ({
  inputs: [input, factors],
  outputs: [output],
  attributes: { low, high },
}) => {
  const [x, f, y] = [input!.data, factors!.data, output!.data];
  const channels = factors!.shape[1]! / 2;
  const sampleSize = y.length / input!.shape[0]!;
  for (let i = 0; i < y.length; i++) {
    const at = Math.floor(i / sampleSize) * 2 * channels + (i % channels);
    y[i] = clamp(f[at]! * x[i]! + f[at + channels]!, low, high);
  }
};

/**
 * y[n,h,w,c] = min(max((x[n,h,w,c] - m[n,c]) f[n] + m[n,c], low), high)
 *
 * input [N,H,W,C], means [N,1,1,C], factors [N] -> [N,H,W,C]
 */
export const adjustContrast: KernelOf<"adjustContrast"> = ({
  inputs: [input, means, factors],
  outputs: [output],
  attributes: { low, high },
}) => {
  const [x, m, f, y] = [input!.data, means!.data, factors!.data, output!.data];
  const channels = input!.shape[3]!;
  const sampleSize = y.length / input!.shape[0]!;
  for (let i = 0; i < y.length; i++) {
    const n = Math.floor(i / sampleSize);
    const mean = m[n * channels + (i % channels)]!;
    y[i] = clamp((x[i]! - mean) * f[n]! + mean, low, high);
  }
};

/** Of r, g, b: where the hue at which they are largest begins. */
const phases = [5, 3, 1] as const;

/** RGB to hue, saturation, value; hue + 6 f[n,0], saturation f[n,1]; and back. input [N,H,W,3], factors [N,2] -> [N,H,W,3] */
export const adjustHsv: KernelOf<"adjustHsv"> = ({
  inputs: [input, factors],
  outputs: [output],
  attributes: { low, high },
}) => {
  const [x, f, y] = [input!.data, factors!.data, output!.data];
  const sampleSize = y.length / input!.shape[0]!;
  for (let i = 0; i < y.length; i += 3) {
    const n = Math.floor(i / sampleSize);
    const [r, g, b] = [0, 1, 2].map((c) => (x[i + c]! - low) / (high - low)) as [number, number, number];
    const value = Math.max(r, g, b);
    const range = value - Math.min(r, g, b);
    const saturation = clamp((value === 0 ? 0 : range / value) * f[2 * n + 1]!, 0, 1);
    const hue = sextant(r, g, b, value, range) + 6 * f[2 * n]!;
    phases.forEach((phase, c) => {
      const place = (((phase + hue) % 6) + 6) % 6;
      const colour = value - value * saturation * Math.max(0, Math.min(place, 4 - place, 1));
      y[i + c] = low + (high - low) * clamp(colour, 0, 1);
    });
  }
};

/** The hue in sixths of a turn. */
function sextant(r: number, g: number, b: number, value: number, range: number): number {
  if (range === 0) {
    return 0;
  }
  return value === r ? (g - b) / range : value === g ? (b - r) / range + 2 : (r - g) / range + 4;
}

function clamp(value: number, low: number, high: number): number {
  return Math.min(Math.max(value, low), high);
}
