import type { Layout } from "./graphWriter.js";
import { attributesOf, layoutOf, type NodeWriter } from "./step.js";

export const reshape: NodeWriter = (graph, { op, output, shapes, target }) => {
  const [from] = shapes as [readonly number[]];
  const rows = graph.rowsOf(op.inputs[0]!);
  if (rows !== undefined && rows.shape.join() === output.shape.join()) {
    return { name: rows.name, layout: "nhwc" };
  }
  const input = graph.name(op.inputs[0]!, "nhwc");
  if (from.length > 2 && output.shape.length === 2 && output.shape[1] === from.at(-1)) {
    return { name: input, layout: "nhwc", rowsOf: from };
  }
  const [name] = graph.node("Reshape", [input, graph.integers(`${op.layer}.shape`, target)], {}, op.layer);
  return { name: name!, layout: "nhwc" };
};

/** Where an axis lies in a layout. */
function axisIn(layout: Layout, axis: number): number {
  return layout === "nchw" ? [0, 2, 3, 1][axis]! : axis;
}

export const concat: NodeWriter = (graph, step) => {
  const layout = layoutOf(graph, step);
  const { axis } = attributesOf<{ axis: number }>(step);
  const names = step.op.inputs.map((id) => graph.name(id, layout));
  const [name] = graph.node("Concat", names, { axis: axisIn(layout, axis) }, step.op.layer);
  return { name: name!, layout };
};

/** Zeros at the ends of axes, or parts cut off. */
export const pad: NodeWriter = (graph, step) => {
  const { op } = step;
  const { before, after } = attributesOf<{ before: readonly number[]; after: readonly number[] }>(step);
  const layout = layoutOf(graph, step);
  const order = before.map((_, axis) => (layout === "nchw" ? [0, 3, 1, 2][axis]! : axis));
  const [first, last] = [order.map((axis) => before[axis]!), order.map((axis) => after[axis]!)];
  let name = graph.name(op.inputs[0]!, layout);
  const cut = first.flatMap((count, axis) => (count < 0 || last[axis]! < 0 ? [axis] : []));
  if (cut.length > 0) {
    const starts = cut.map((axis) => Math.max(0, 0 - first[axis]!));
    // To the end, unless something is cut off there.
    const ends = cut.map((axis) => (last[axis]! < 0 ? last[axis]! : 2 ** 31 - 1));
    const inputs = [starts, ends, cut].map((values, index) =>
      graph.integers(`${op.layer}.${["starts", "ends", "axes"][index]}`, values),
    );
    name = graph.node("Slice", [name, ...inputs], {}, op.layer)[0]!;
  }
  if ([...first, ...last].some((count) => count > 0)) {
    const pads = graph.integers(
      `${op.layer}.pads`,
      [...first, ...last].map((count) => Math.max(0, count)),
    );
    name = graph.node("Pad", [name, pads], {}, op.layer)[0]!;
  }
  return { name, layout };
};

export const transpose: NodeWriter = (graph, step) => {
  const { permutation } = attributesOf<{ permutation: readonly number[] }>(step);
  const [name] = graph.node(
    "Transpose",
    [graph.name(step.op.inputs[0]!, "nhwc")],
    { perm: permutation },
    step.op.layer,
  );
  return { name: name!, layout: "nhwc" };
};

/** Sizes are given whole, so the batch is read from the tensor itself. */
export const resize: NodeWriter = (graph, step) => {
  const { op, shapes } = step;
  const { size, interpolation } = attributesOf<{ size: readonly number[]; interpolation: "nearest" | "bilinear" }>(
    step,
  );
  const input = graph.name(op.inputs[0]!, "nchw");
  const [shape] = graph.node("Shape", [input], { start: 0, end: 1 }, op.layer);
  const rest = graph.integers(`${op.layer}.size`, [shapes[0]!.at(-1)!, ...size]);
  const [sizes] = graph.node("Concat", [shape!, rest], { axis: 0 }, op.layer);
  const attributes =
    interpolation === "nearest"
      ? { mode: "nearest", coordinate_transformation_mode: "half_pixel", nearest_mode: "round_prefer_ceil" }
      : { mode: "linear", coordinate_transformation_mode: "half_pixel" };
  const [name] = graph.node("Resize", [input, "", "", sizes!], attributes, op.layer);
  return { name: name!, layout: "nchw" };
};
