/**
 * mean[n,g] and variance[n,g] over everything of sample n in group g; y = gamma xhat + beta with
 * xhat = (x - mean) / sqrt(variance + epsilon). Gradient: scaleGradient[c] = sum over samples and positions of dy xhat,
 * offsetGradient[c] = sum of dy; with d = gamma dy and averages over the group
 * dx = (d - average(d) - xhat average(d xhat)) / sqrt(variance + epsilon).
 *
 * input [N,...,C], gamma, beta [C] -> [N,...,C], mean [N,groups], variance [N,groups]. Forward and dx are one launch each, a
 * workgroup a group, which reads its numbers twice, the second time out of caches: 8 and 12 bytes an element where they hold a
 * group. A few very large groups do not fill a GPU. Not measured yet.
 */

import { type OpAttributes, type OpInstance, sizeOf } from "@convoy/core/backend";
import { columnReduction, columnReductionScratch } from "../wgsl/columnReduction.js";
import { type GroupGeometry, groupGeometry, groupLaunch, placeInGroup } from "../wgsl/groups.js";
import { mergeMoments, walkMoments } from "../wgsl/moments.js";
import { gammaAndBeta, inverseDeviation } from "../wgsl/normalization.js";
import { element, float, floats, reads, type TensorUse, writes } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";
import { type Kernel, scratch } from "./kernel.js";

/** Code: the sum of a vector's elements. */
function sumOf(vector: string, { width }: GroupGeometry): string {
  return width === 1 ? vector : `dot(${vector}, vec${width}f(1.0))`;
}

/** Code: moments of the vectors' elements, one by one, and then of all of them. */
function moments(geometry: GroupGeometry, stride: string): string {
  const { width } = geometry;
  const type = floats(width);
  return `let pivot = ${element("x[start]", 0, width)};
  var elementCount = 0.0; var elementMeans = ${type}(); var elementSquares = ${type}();
  {
    var count = 0.0; var mean = ${type}(); var squares = ${type}();
    ${walkMoments((i) => placeInGroup(geometry, i), stride)}
    elementCount = count; elementMeans = mean; elementSquares = squares;
  }
  count = elementCount * ${width}.0;
  mean = ${sumOf("elementMeans", geometry)} * ${1 / width};
  let apart = elementMeans - mean;
  squares = ${sumOf("(elementSquares + elementCount * apart * apart)", geometry)};`;
}

export const groupNorm: Kernel<OpAttributes["groupNorm"]> = {
  dispatches({ label, attributes, inputs: [x, ...vectors], outputs: [y, mean, variance], target }) {
    const geometry = groupGeometry(x!.shape, attributes.groups);
    const type = floats(geometry.width);
    const { gamma, beta } = gammaAndBeta(vectors, attributes);
    const varianceCode = `squares * ${float(1 / geometry.numbers)}`;
    return [
      groupLaunch(
        geometry,
        {
          state: ["count", "mean", "squares"],
          walk: (stride) => moments(geometry, stride),
          merge: mergeMoments,
          once: `meanOf[which] = pivot + mean; varianceOf[which] = ${varianceCode};`,
          prepare: `let inverse = ${inverseDeviation(varianceCode, attributes.epsilon)};`,
          each: `y[at] = (x[at] - pivot - mean) * inverse${gamma ? " * gamma[channel]" : ""}${beta ? " + beta[channel]" : ""};`,
        },
        target,
        {
          label,
          tensors: {
            x: reads(x!, type),
            ...(gamma ? { gamma: reads(gamma, type) } : {}),
            ...(beta ? { beta: reads(beta, type) } : {}),
            y: writes(y!, type),
            meanOf: writes(mean!),
            varianceOf: writes(variance!),
          },
        },
      ),
    ];
  },
};

export const groupNormBackwardInput: Kernel<OpAttributes["groupNormBackwardInput"]> = {
  dispatches({ label, attributes, inputs: [dy, x, mean, variance, gamma], outputs: [dx], target }) {
    const geometry = groupGeometry(x!.shape, attributes.groups);
    const type = floats(geometry.width);
    const { groups, groupVectors, numbers } = geometry;
    const channel = `which % ${groups}u * ${groupVectors}u + i % ${groupVectors}u`;
    const tensors: Record<string, TensorUse> = {
      dy: reads(dy!, type),
      x: reads(x!, type),
      meanOf: reads(mean!),
      varianceOf: reads(variance!),
      ...(gamma ? { gamma: reads(gamma, type) } : {}),
      dx: writes(dx!, type),
    };
    const factor = (at: string): string => (gamma ? ` * gamma[${at}]` : "");
    // A group that does not exist reads the statistics of another one, and nothing else.
    const statistics = `let known = min(which, ${geometry.count - 1}u);
  let centre = meanOf[known];
  let inverse = ${inverseDeviation("varianceOf[known]", attributes.epsilon)};`;
    return [
      groupLaunch(
        geometry,
        {
          state: ["sum", "products"],
          walk: (stride) => `${statistics}
  var sums = ${type}(); var productSums = ${type}();
  for (var i = first; i < end; i += ${stride}) {
    let at = ${placeInGroup(geometry, "i")};
    let d = dy[at]${factor(channel)};
    sums += d;
    productSums += d * (x[at] - centre);
  }
  sum = ${sumOf("sums", geometry)};
  products = ${sumOf("productSums", geometry)};`,
          merge: "sum += sumOther; products += productsOther;",
          prepare: `let offset = sum * ${float(1 / numbers)};
    let slope = products * inverse * inverse * ${float(1 / numbers)};`,
          each: `dx[at] = (dy[at]${factor("channel")} - offset - (x[at] - centre) * slope) * inverse;`,
        },
        target,
        { label, tensors },
      ),
    ];
  },
};

/** The reduction over rows that the gradients of gamma and beta are; vectors stay within a group. */
function sumsOver({ inputs, attributes }: Pick<OpInstance, "inputs" | "attributes">, target: KernelTarget) {
  const { shape } = inputs[1]!;
  const columns = shape.at(-1)!;
  return { rows: sizeOf(shape) / columns, columns, neighbours: columns / (attributes.groups as number), target };
}

export const groupNormBackwardSums: Kernel<OpAttributes["groupNormBackwardSums"]> = {
  workspaceBytes: (op, target) => 4 * columnReductionScratch(sumsOver(op, target), 2),
  dispatches(call) {
    const { groups, epsilon } = call.attributes;
    const [dy, x, mean, variance] = call.inputs;
    const [scaleGradient, offsetGradient] = call.outputs;
    const { positions, groupVectors } = groupGeometry(x!.shape, groups);
    const reduction = sumsOver({ inputs: call.inputs, attributes: { groups } }, call.target);
    const length = columnReductionScratch(reduction, 2);
    return columnReduction({
      label: call.label,
      ...reduction,
      tensors: (type) => ({
        dy: reads(dy!, type),
        x: reads(x!, type),
        meanOf: reads(mean!),
        varianceOf: reads(variance!),
      }),
      results: (type) => ({
        scaleGradient: writes(scaleGradient!, type),
        offsetGradient: writes(offsetGradient!, type),
      }),
      state: ["products", "sum"],
      walk: ({ vectors }) => `let groupOfColumn = column / ${groupVectors}u;
    for (var row = first; row < end; row += stride) {
      let at = row * ${vectors}u + column;
      let which = row / ${positions}u * ${groups}u + groupOfColumn;
      let gradient = dy[at];
      products += gradient * ((x[at] - meanOf[which]) * ${inverseDeviation("varianceOf[which]", epsilon)});
      sum += gradient;
    }`,
      merge: "products += productsOther; sum += sumOther;",
      finish: "scaleGradient[column] = products; offsetGradient[column] = sum;",
      partial: length > 0 ? scratch(call, "sums", 0, length) : undefined,
    });
  },
};
