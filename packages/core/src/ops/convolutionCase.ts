import { constant, normal, times } from "./caseInputs.js";
import type { Shape } from "./definition.js";
import type { CaseInput } from "./opCase.js";
import { type PaddingName, resolvePadding, spatial, type WindowAttributes } from "./window.js";

/** How a convolution's case differs from stride 1, no padding and unit normals. */
export interface ConvolutionSetting {
  readonly strides?: readonly [number, number];
  readonly padding?: PaddingName | WindowAttributes["padding"];
  readonly dilation?: readonly [number, number];
  /** Fills input and kernel; default: unit normals. */
  readonly fill?: (shape: Shape) => CaseInput;
}

/** Name and attributes of a case of any convolution of input [N,H,W,C] with kernel [KH,KW,C,_]. */
export function convolutionCase(
  input: Shape,
  kernel: Shape,
  setting: ConvolutionSetting,
): { name: string; attributes: WindowAttributes; fill: (shape: Shape) => CaseInput } {
  const { strides = [1, 1], dilation = [1, 1], padding: wanted = "valid", fill = normal } = setting;
  const kernelSize = [kernel[0]!, kernel[1]!] as const;
  const padding =
    typeof wanted === "string" ? resolvePadding(wanted, spatial(input), kernelSize, strides, dilation) : wanted;
  const parts = [
    `${times(input)} by ${times(kernel)}`,
    ...(strides[0] * strides[1] > 1 ? [`stride ${times(strides)}`] : []),
    ...(dilation[0] * dilation[1] > 1 ? [`dilation ${times(dilation)}`] : []),
    ...(wanted === "valid" ? [] : [`padding ${typeof wanted === "string" ? wanted : wanted.join(",")}`]),
    ...(setting.fill ? [setting.fill.name] : []),
  ];
  return { name: parts.join(", "), attributes: { strides, padding, dilation }, fill };
}

/** Nothing at all. */
export function zeros(shape: Shape): CaseInput {
  return constant(shape, 0);
}
