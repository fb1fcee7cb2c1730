import { unrolled } from "../wgsl/shader.js";
import type { KernelTarget } from "../wgsl/target.js";

/** Vectors that all lanes of a subgroup need. */
export interface SharedVectors {
  /** Statements that load them. */
  readonly load: string;
  /** Code of vector `index`, a number known here. */
  vector(index: number): string;
}

/**
 * `count` vectors `tensor[place(0)]`, `tensor[place(1)]`, ... With a subgroup size each lane loads its share and broadcasts it:
 * to be used in uniform control flow, by shaders with the extension "subgroups". A software adapter loads for each lane by
 * itself even where all load the same, so this leaves a fourth to an eighth of the loads.
 */
export function sharedVectors(
  name: string,
  tensor: string,
  count: number,
  place: (index: string) => string,
  subgroupSize: number | undefined,
): SharedVectors {
  if (subgroupSize === undefined) {
    return {
      load: unrolled(count, (index) => `let ${name}${index} = ${tensor}[${place(`${index}u`)}];`),
      vector: (index) => `${name}${index}`,
    };
  }
  const loads = Math.ceil(count / subgroupSize);
  // Lanes beyond the last vector load one again.
  const index = (load: number): string =>
    count % subgroupSize === 0
      ? `(subgroupLane + ${load * subgroupSize}u)`
      : `((subgroupLane + ${load * subgroupSize}u) % ${count}u)`;
  return {
    load: unrolled(loads, (load) => `let ${name}${load} = ${tensor}[${place(index(load))}];`),
    vector: (index) => `subgroupBroadcast(${name}${Math.floor(index / subgroupSize)}, ${index % subgroupSize}u)`,
  };
}

/** The size of subgroups where a workgroup of `lanes` is sure to consist of full ones; undefined where it is not, or none are used. */
export function fullSubgroupSize({ subgroupSize }: KernelTarget, lanes: number): number | undefined {
  const size = subgroupSize?.min;
  return size !== undefined && size === subgroupSize!.max && lanes % size === 0 ? size : undefined;
}

/** The name of a register variant. */
export function registersVariant(blocking: string, subgroupSize: number | undefined): string {
  return `registers, ${blocking}${subgroupSize === undefined ? "" : `, subgroups of ${subgroupSize}`}`;
}
