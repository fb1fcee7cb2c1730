import { attributesOf, type Shape, sizeOf } from "@convoy/core/backend";
import { divisorOf } from "./arguments/divisor.js";
import { channelTiles } from "./channels.js";
import { launch, sharedBlocksFor } from "./launch.js";
import type { OpKernel } from "./opKernel.js";

export const constrainNorm: OpKernel = {
  launches(op) {
    const { kind, limit, axes } = attributesOf("constrainNorm", op);
    const w = op.inputs[0]!;
    const joined = joinedAxes(w.shape, axes);
    const [keptOuter, keptInner] = lastTwo(joined.filter(({ reduced }) => !reduced));
    const [reducedOuter, reducedInner] = lastTwo(joined.filter(({ reduced }) => reduced));
    const norms = keptOuter.size * keptInner.size;
    // Lanes side by side read neighbours: of different norms, or of one.
    const tiles = joined.at(-1)!.reduced ? channelTiles(norms, 1) : channelTiles(norms);
    const shape = {
      keptOuter: keptOuter.stride,
      keptInner: keptInner.stride,
      reducedOuter: reducedOuter.stride,
      reducedInner: reducedInner.stride,
      byKept: divisorOf(keptInner.size),
      byReduced: divisorOf(reducedInner.size),
      length: reducedOuter.size * reducedInner.size,
    };
    const values = { w, shape, tile: tiles.tile, limit, sets: kind === "unit" ? 1 : 0 };
    return [launch("constrainNorm", [tiles.count, 1], values)];
  },
};

interface Axis {
  readonly size: number;
  readonly stride: number;
  /** Whether norms go over it. */
  readonly reduced: boolean;
}

/** The axes of a tensor, with neighbours of one kind as one: of four at most two of each kind are left. */
function joinedAxes(shape: Shape, over: readonly number[]): Axis[] {
  const axes: Axis[] = [];
  shape.forEach((size, axis) => {
    const reduced = over.includes(axis);
    const outer = axes.at(-1)?.reduced === reduced ? axes.pop()! : undefined;
    axes.push({ size: (outer?.size ?? 1) * size, stride: sizeOf(shape.slice(axis + 1)), reduced });
  });
  return axes;
}

function lastTwo(axes: readonly Axis[]): [outer: Axis, inner: Axis] {
  const none = { size: 1, stride: 0, reduced: false };
  return [axes.at(-2) ?? none, axes.at(-1) ?? none];
}

export const nonNegative: OpKernel = {
  launches(op, { multiprocessors }) {
    const w = op.inputs[0]!;
    const count = sizeOf(w.shape);
    return [launch("nonNegative", [sharedBlocksFor(count, multiprocessors), 1], { w, count })];
  },
};
