/**
 * The product behind every convolution and dense layer on a GPU: sum over k of a(m,k) b(k,n) for all m, n. The operands are
 * WGSL code that reads four neighbouring elements, so that a convolution is a product over patches that are never written
 * out (implicit GEMM). A row of a and a column of b are both called a line here.
 */

import type { MomentSlots } from "../wgsl/momentSlots.js";

/** The axis that four elements of a vector are neighbours along: k, or the lines (m of a, n of b). */
export type VectorAxis = "k" | "line";

export interface Operand {
  readonly axis: VectorAxis;
  /**
   * WGSL: the type `Line<name>` of what is computed once for a line (or the first of four), `line<name>(m: u32) ->
   * Line<name>`, and `vector<name>(line: Line<name>, k: u32) -> vec4f`, the elements from there on. Called for lines and k
   * inside the bounds only; beyond them elements count as 0. `name` is "A" or "B".
   */
  code(name: string): string;
}

/** Whether every tile is full along rows and columns: then bounds checks can be left out. */
export interface FullTiles {
  readonly rows: boolean;
  readonly columns: boolean;
}

/** Where a product leaves the statistics of its rows by column. */
export interface ProductMoments {
  readonly left: MomentSlots;
  /** Whether a tensor `bias` is added to the results: it moves means alone. */
  readonly biased: boolean;
}

export interface MatrixProduct {
  readonly M: number;
  readonly N: number;
  readonly K: number;
  readonly a: Operand;
  readonly b: Operand;
  /** Into how many ranges of `rangeLength` K is split, each with results of its own; default one. */
  readonly ranges?: number;
  readonly rangeLength?: number;
  /**
   * WGSL function `store(row: u32, column: u32, range: u32, sum0: vec4f, ... sum3)` for rows `row` to `row + 3` of the columns
   * `column` to `column + 3`; both are multiples of 4. Where tiles are not full it is called for results outside of the
   * matrix, too.
   */
  store(full: FullTiles): string;
  /** Where the statistics of the results by column are left; default: nowhere. Not with several ranges. */
  readonly moments?: ProductMoments;
  /** Whether factors may be float16: in a forward pass. */
  readonly forward?: boolean;
}

/** What an operand computes once for a line `m`: WGSL that returns a `type`. */
export interface LineSetup {
  readonly type: string;
  readonly body: string;
}

const plainLine: LineSetup = { type: "u32", body: "return m;" };

/** An operand of vectors in memory: `body` is WGSL that returns the one from (`line`, k) on. */
export function vectors(axis: VectorAxis, body: string, line: LineSetup = plainLine): Operand {
  const code = (name: string): string => `${lineDeclaration(name, line)}
fn vector${name}(line: Line${name}, k: u32) -> vec4f {
  ${body}
}
`;
  return { axis, code };
}

/** An operand of which four neighbours are no vector in memory: `body` is WGSL that returns element (`line`, k). */
export function scattered(
  axis: VectorAxis,
  lines: number,
  K: number,
  body: string,
  line: LineSetup = plainLine,
): Operand {
  const code = (name: string): string => {
    // Neighbours along k share their line; neighbouring lines have no setup in common.
    const [size, at, element, own] =
      axis === "k"
        ? [K, "k + i", `element${name}(line, k + i)`, line]
        : [lines, "line + i", `element${name}(worked${name}(line + i), k)`, plainLine];
    const read = `four[i] = ${element};`;
    const worked = axis === "k" ? "" : `fn worked${name}(m: u32) -> ${line.type} { ${line.body} }\n`;
    return `${lineDeclaration(name, own)}
${worked}fn element${name}(line: ${line.type}, k: u32) -> f32 {
  ${body}
}
fn vector${name}(line: Line${name}, k: u32) -> vec4f {
  var four = vec4f();
  for (var i = 0u; i < 4u; i++) { ${size % 4 === 0 ? read : `if (${at} < ${size}u) { ${read} }`} }
  return four;
}
`;
  };
  return { axis, code };
}

function lineDeclaration(name: string, { type, body }: LineSetup): string {
  return `alias Line${name} = ${type};
fn line${name}(m: u32) -> ${type} { ${body} }`;
}

/** A matrix in memory, `tensor`, whose neighbours lie along `axis`. */
export function matrix(tensor: string, axis: VectorAxis, lines: number, K: number): Operand {
  const width = axis === "k" ? K : lines;
  const at = (k: string, size: number): string =>
    `return ${tensor}[${axis === "k" ? `line * ${size}u + ${k}` : `k * ${size}u + line`}];`;
  if (width % 4 > 0) {
    return scattered(axis, lines, K, at("k", width));
  }
  const line = axis === "k" ? plainLine : { type: "u32", body: "return m / 4u;" };
  return vectors(axis, at("k / 4u", width / 4), line);
}

/** How a matrix is bound for `matrix`. */
export function matrixType(axis: VectorAxis, lines: number, K: number): "f32" | "vec4f" {
  return (axis === "k" ? K : lines) % 4 === 0 ? "vec4f" : "f32";
}
