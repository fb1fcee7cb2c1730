/**
 * Convolution of each channel with M kernels of its own, and its input's gradient. With h = oh*SH + kh*DH - top and w likewise:
 *
 * y[n,oh,ow,c*M+m] = sum over kh,kw of x[n,h,w,c] k[kh,kw,c,m];
 * dx[n,h,w,c] = sum over m and all (oh,kh), (ow,kw) that read (h,w) of dy[n,oh,ow,c*M+m] k[kh,kw,c,m].
 *
 * input [N,H,W,C], kernel [KH,KW,C,M], output [N,OH,OW,C*M]. Cost: 2 N OH OW C M KH KW FLOP each; the tensors once, as far as
 * caches hold the rows of a window. Vectors lie along the channels (M = 1) or along a channel's kernels; an invocation computes
 * up to four neighbouring outputs, see wgsl/strips.ts. At stride 1 the input's gradient is the same kernel over dy, with the
 * kernel turned around. Fused, bias, normalization with given statistics and activation are done in registers and move no bytes but
 * their vectors. Not measured on a card yet.
 */

import {
  type Attributes,
  attributesOf,
  type BoundOp,
  chainParts,
  type OpAttributes,
  type PlanValue,
  type Shape,
  sizeOf,
  takesParts,
  type WindowGeometry,
  windowGeometry,
} from "@convoy/core/backend";
import {
  activated,
  composed,
  type Epilogue,
  epilogueDeclarations,
  epilogueOf,
  epilogueTensors,
} from "../product/epilogue.js";
import type { Dispatch } from "../wgsl/dispatch.js";
import { floats, invocations, reads, unrolled, vectorWidth, writes } from "../wgsl/shader.js";
import { rowInside, stripColumns, stripsOf } from "../wgsl/strips.js";
import { coveringWindows } from "../wgsl/windows.js";
import type { Kernel } from "./kernel.js";

/** How the C channels with M kernels each are cut into vectors. */
interface Channels {
  readonly C: number;
  readonly M: number;
  /** Elements of a vector: neighbouring channels, or kernels of one channel. */
  readonly width: 1 | 2 | 4;
  /** Elements of a vector of the tensor [...,C]. */
  readonly inputWidth: 1 | 2 | 4;
}

/** How the channels of a kernel [KH,KW,C,M] are cut into vectors. */
export function channelsOf(kernel: Shape): Channels {
  const [, , C, M] = kernel as [number, number, number, number];
  const width = vectorWidth(M === 1 ? C : M);
  return { C, M, width, inputWidth: M === 1 ? width : 1 };
}

/** The window of a depthwise convolution of these shapes. */
export function geometry(
  input: Shape,
  kernel: Shape,
  output: Shape,
  attributes: OpAttributes["depthwiseConv2d"],
): WindowGeometry {
  return windowGeometry(input, [kernel[0]!, kernel[1]!], output, attributes);
}

/** Sums over windows: of the output, or of the input's gradient at stride 1. */
interface WindowSums {
  readonly label: string;
  readonly x: PlanValue;
  readonly kernel: PlanValue;
  readonly y: PlanValue;
  readonly window: WindowGeometry;
  /** Elements of a vector of x with the kernel, and of y. */
  readonly width: 1 | 2 | 4;
  readonly xWidth: 1 | 2 | 4;
  readonly yWidth: 1 | 2 | 4;
  /** Code: the vector of x and that of the kernel for vector `channel` of y; `part` counts the `parts` that are added up. */
  readonly xChannel: string;
  readonly kernelChannel: string;
  readonly parts: number;
  /** Code of a product, summed up. */
  readonly product: (x: string, k: string) => string;
  /** Whether the kernel is turned around. */
  readonly turned: boolean;
  /** What is done with a sum before it is stored. */
  readonly epilogue?: Epilogue;
}

function windowSums(spec: WindowSums): Dispatch {
  const { label, window, width, xWidth, yWidth, parts, turned, epilogue = {} } = spec;
  const { H, W, KH, KW, OH, OW, strideH, dilationH, top } = window;
  const strips = stripsOf(window);
  const [xVectors, yVectors] = [spec.x.shape.at(-1)! / xWidth, spec.y.shape.at(-1)! / yWidth];
  const kernelVectors = sizeOf(spec.kernel.shape.slice(2)) / width;
  const tap = (kw: number): string =>
    turned ? `(${KH - 1}u - kh) * ${KW}u + ${KW - 1 - kw}u` : `kh * ${KW}u + ${kw}u`;
  const columns = stripColumns(
    window,
    strips,
    floats(xWidth),
    (w) => `x[(row + ${w}) * ${xVectors}u + ${spec.xChannel}]`,
    (x, q, kw) => `sum${q} += ${spec.product(x, `k${kw}`)};`,
  );
  const check = rowInside(window);
  const stored = (q: number): string => {
    const place = `to + ${q * yVectors}u`;
    const value = composed(epilogue, `sum${q}`, "channel", place);
    return epilogue.activation
      ? `{ let value = ${value}; y[${place}] = ${activated(epilogue, "value", yWidth)}; }`
      : `{ y[${place}] = ${value}; }`;
  };
  const body = `
    let channel = index % ${yVectors}u;
    let start = index / ${yVectors}u % ${strips.count}u * ${strips.length}u;
    let oh = index / ${yVectors * strips.count}u % ${OH}u;
    let n = index / ${yVectors * strips.count * OH}u;
    ${unrolled(strips.length, (q) => `var sum${q} = ${floats(yWidth)}();`, " ")}
    for (var kh = 0u; kh < ${KH}u + zero; kh++) {
      let h = i32(oh) * ${strideH} + i32(kh) * ${dilationH} - ${top};
      ${check ? `if (!(${check})) { continue; }` : ""}
      let row = (n * ${H}u + u32(h)) * ${W}u;
      ${parts > 1 ? `for (var part = 0u; part < ${parts}u + zero; part++) {` : "{"}
        ${unrolled(KW, (kw) => `let k${kw} = k[(${tap(kw)}) * ${kernelVectors}u + ${spec.kernelChannel}];`, " ")}
        ${columns}
      }
    }
    let to = ((n * ${OH}u + oh) * ${OW}u + start) * ${yVectors}u + channel;
    ${unrolled(strips.length, (q) => `${OW % strips.length === 0 ? "" : `if (start + ${q}u < ${OW}u) `}${stored(q)}`)}`;
  return invocations(window.N * OH * strips.count * yVectors, body, {
    label,
    tensors: {
      x: reads(spec.x, floats(xWidth)),
      k: reads(spec.kernel, floats(width)),
      ...epilogueTensors(epilogue, yWidth),
      y: writes(spec.y, floats(yWidth)),
    },
    declarations: epilogueDeclarations(epilogue, yWidth),
  });
}

function convolution(
  label: string,
  { inputs, outputs }: Pick<BoundOp<PlanValue>, "inputs" | "outputs">,
  attributes: OpAttributes["depthwiseConv2d"],
  epilogue: Epilogue = {},
  y: PlanValue = outputs[0]!,
): Dispatch {
  const [input, kernel] = inputs as [PlanValue, PlanValue];
  const { M, width, inputWidth } = channelsOf(kernel.shape);
  return windowSums({
    label,
    x: input,
    kernel,
    y,
    window: geometry(input.shape, kernel.shape, y.shape, attributes),
    width,
    xWidth: inputWidth,
    yWidth: width,
    xChannel: M === 1 ? "channel" : `channel / ${M / width}u`,
    kernelChannel: "channel",
    parts: 1,
    product: (x, k) => `${x} * ${k}`,
    turned: false,
    epilogue,
  });
}

export const depthwiseConv2d: Kernel<OpAttributes["depthwiseConv2d"]> = {
  dispatches: (call) => [convolution(call.label, call, call.attributes)],
};

/** depthwiseConv2d [biasAdd] [normalize] [unary], in one launch over at most eight tensors. */
export const fusedDepthwiseConv2d: Kernel<Attributes> = {
  supports: (op) => takesParts(op, ["depthwiseConv2d", "biasAdd", "normalize", "unary"]),
  dispatches(call) {
    const { head, last } = chainParts<BoundOp<PlanValue>>(call);
    const attributes = attributesOf("depthwiseConv2d", head);
    return [convolution(call.label, head, attributes, epilogueOf(call), last.outputs[0]!)];
  },
};

export const depthwiseConv2dBackwardInput: Kernel<OpAttributes["depthwiseConv2dBackwardInput"]> = {
  dispatches({ label, attributes, inputs: [outputGradient, kernel], outputs: [inputGradient] }) {
    const { C, M, width, inputWidth } = channelsOf(kernel!.shape);
    const window = geometry(inputGradient!.shape, kernel!.shape, outputGradient!.shape, attributes);
    const { N, H, W, KH, KW, OH, OW, strideH, strideW, top, left, dilationH, dilationW } = window;
    const parts = M === 1 ? 1 : M / width;
    const channel = M === 1 ? "channel" : `channel * ${parts}u + part`;
    const product = (dy: string, k: string): string => (M === 1 || width === 1 ? `${dy} * ${k}` : `dot(${dy}, ${k})`);
    if (strideH === 1 && strideW === 1) {
      return [
        windowSums({
          label,
          x: outputGradient!,
          kernel: kernel!,
          y: inputGradient!,
          window: {
            ...window,
            ...{ H: OH, W: OW, OH: H, OW: W },
            top: (KH - 1) * dilationH - top,
            left: (KW - 1) * dilationW - left,
          },
          width,
          xWidth: width,
          yWidth: inputWidth,
          xChannel: parts === 1 ? "channel" : channel,
          kernelChannel: parts === 1 ? "channel" : channel,
          parts,
          product,
          turned: true,
        }),
      ];
    }
    const vectors = C / inputWidth;
    const type = floats(width);
    const term = `sum += ${product(`dy[gradient + ${channel}]`, `k[tap + ${channel}]`)};`;
    const inner = `let gradient = ((n * ${OH}u + oh) * ${OW}u + ow) * ${vectors * parts}u;
        let tap = (kh * ${KW}u + kw) * ${vectors * parts}u;
        ${M === 1 ? term : `for (var part = 0u; part < ${parts}u + zero; part++) { ${term} }`}`;
    const body = `
    let channel = index % ${vectors}u;
    let w = index / ${vectors}u % ${W}u;
    let h = index / ${vectors * W}u % ${H}u;
    let n = index / ${vectors * W * H}u;
    var sum = ${floats(inputWidth)}();
    ${coveringWindows(window, inner)}
    dx[index] = sum;`;
    return [
      invocations(N * H * W * vectors, body, {
        label,
        tensors: {
          dy: reads(outputGradient!, type),
          k: reads(kernel!, type),
          dx: writes(inputGradient!, floats(inputWidth)),
        },
      }),
    ];
  },
};
