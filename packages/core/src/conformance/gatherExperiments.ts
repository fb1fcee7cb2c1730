import { bytes, givenWords, normal, order, times } from "../ops/caseInputs.js";
import type { Value } from "../ops/definition.js";
import type { Tolerance } from "../ops/opCase.js";
import { type AffineMatrix, warpFractionBits } from "../ops/warp2d.js";
import { transforms, turned } from "../ops/warp2dCase.js";
import type { GatherChain } from "./chains.js";
import { filler } from "./chainTensors.js";
import { Experiment, packCaseSteps } from "./experiment.js";

/** A chain for names of cases. */
export function gatherName(chain: GatherChain): string {
  const { images, dtype, batchSize, batchStart = 0, scale = 1, ordered = true, before, warp, after } = chain;
  return [
    `${batchSize} of ${times(images)} ${dtype} from ${batchStart}`,
    ...(scale === 1 ? [] : [`scale ${scale.toPrecision(3)}`]),
    ...(ordered ? [] : ["no order"]),
    ...(before ? [`scaled by ${before.scale.toPrecision(3)} and ${before.offset}`] : []),
    ...(warp ? [`warped${warp.size ? ` to ${times(warp.size)}` : ""} ${warp.interpolation} ${warp.fillMode}`] : []),
    ...(after ? [`then scaled by ${after.scale.toPrecision(3)} and ${after.offset}`] : []),
  ].join(", ");
}

/** What augmentation does to images, for sizes of any kind. */
function matrices([height, width]: readonly [number, number]): AffineMatrix[] {
  return [
    turned([height, width], 0.2, [0.9, 1.1], [0.6, -1.3]),
    [-1, 0, width - 1, 0, 1, 0],
    turned([height, width], -1.2, [2.5, 2.2]),
    [1, 0, width * 2 + 1, 0, -1, -height],
    turned([height, width], 0.05, [0.5, 0.6], [-2, 2]),
  ];
}

/** The batch gathered, scaled, resampled, scaled again; the transforms are of the rows of the step. */
export function gatherExperiment(chain: GatherChain, name: string): Experiment {
  const { images, dtype, batchSize, batchStart = 0, scale = 1, ordered = true, before, warp, after } = chain;
  const [rows, height, width] = images as [number, number, number, number];
  const experiment = new Experiment({ fused: true });
  experiment.steps = packCaseSteps([{ batchStart }]);
  const { graph } = experiment;
  const place = filler(experiment, name);
  const source = place("images", dtype === "uint8" ? bytes(images) : normal(images));
  const inputs = [source, ...(ordered ? [place("order", order(rows))] : [])];
  let value: Value = graph.apply("gatherRows", inputs, { batchSize, scale, dtype: "float32" })[0]!;
  if (before) {
    value = graph.apply("affine", [value], before)[0]!;
  }
  if (warp) {
    const { size = [height, width], interpolation, fillMode } = warp;
    const drawn = transforms([rows, height, width], size, matrices([height, width]));
    const all = place("transforms", givenWords([rows, 6], drawn));
    const [own] = graph.apply("gatherRows", [all], { batchSize, scale: 1, dtype: "int32" });
    const fractionBits = warpFractionBits([height, width, ...size]);
    value = graph.apply("warp2d", [value, own!], { size, interpolation, fillMode, fillValue: 0.375, fractionBits })[0]!;
  }
  if (after) {
    value = graph.apply("affine", [value], after)[0]!;
  }
  experiment.output("batch", value, toleranceOf(chain));
  return experiment;
}

/** Of numbers up to 255, or less where they are scaled. */
function toleranceOf({ dtype, scale = 1, before, after, warp }: GatherChain): Tolerance {
  const size = (dtype === "uint8" ? 255 : 4) * scale * Math.abs(before?.scale ?? 1) + Math.abs(before?.offset ?? 0);
  const scaled = Math.max(size, 1) * Math.abs(after?.scale ?? 1) + Math.abs(after?.offset ?? 0);
  const absolute = (warp ? 2e-6 : 1e-6) * scaled;
  return { relative: 1e-6, absolute, why: "a dozen roundings of numbers up to the largest" };
}
