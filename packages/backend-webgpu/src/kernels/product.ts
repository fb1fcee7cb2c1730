/**
 * The product behind every convolution and dense layer on a GPU: sum over k of a(m,k) b(k,n) for all m, n. The operands are
 * WGSL code that reads four neighbouring elements, so that a convolution is a product over patches that are never written
 * out. A row of a and a column of b are both called a line here.
 */

import { unrolled } from "../shader.js";

/** The axis that four elements of a vector are neighbours along: k, or the lines (m of a, n of b). */
export type Along = "k" | "line";

export interface Operand {
  readonly along: Along;
  /**
   * WGSL: the type `Line<name>` of what is worked out once for a line (or the first of four), `line<name>(line: u32) ->
   * Line<name>`, and `vector<name>(line: Line<name>, k: u32) -> vec4f`, the elements from there on. Called for lines and k
   * inside the bounds only; what sticks out behind them is 0. `name` is "A" or "B".
   */
  code(name: string): string;
}

/** What code can be left out because tiles end where the matrix ends. */
export interface Fit {
  readonly rows: boolean;
  readonly columns: boolean;
}

export interface Product {
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
   * `column` to `column + 3`; both are multiples of 4. It is called for results outside of the matrix too unless they fit.
   */
  store(fit: Fit): string;
  /** Whether factors may be float16: in a forward pass. */
  readonly forward?: boolean;
}

/** An operand of which four neighbours are no vector in memory: `body` is WGSL that returns element (m, k),
 * m being the line. */
export function scattered(along: Along, lines: number, K: number, body: string): Operand {
  const [size, at, element] = along === "k" ? [K, "k + i", "(line, k + i)"] : [lines, "line + i", "(line + i, k)"];
  const code = (name: string): string => {
    const read = `four[i] = element${name}${element};`;
    return `alias Line${name} = u32;
fn line${name}(line: u32) -> u32 { return line; }
fn element${name}(m: u32, k: u32) -> f32 {
  ${body}
}
fn vector${name}(line: u32, k: u32) -> vec4f {
  var four = vec4f();
  for (var i = 0u; i < 4u; i++) { ${size % 4 === 0 ? read : `if (${at} < ${size}u) { ${read} }`} }
  return four;
}
`;
  };
  return { along, code };
}

/** A matrix in memory, `tensor`, whose neighbours are `along`: vectors where `vectors`, numbers otherwise. */
export function matrix(tensor: string, along: Along, lines: number, K: number): Operand {
  const width = along === "k" ? K : lines;
  if (width % 4 > 0) {
    return scattered(along, lines, K, `return ${tensor}[${along === "k" ? `m * ${K}u + k` : `k * ${lines}u + m`}];`);
  }
  const [start, at] = along === "k" ? [`line * ${K / 4}u`, "line + k / 4u"] : ["line / 4u", `k * ${lines / 4}u + line`];
  const code = (name: string): string => `alias Line${name} = u32;
fn line${name}(line: u32) -> u32 { return ${start}; }
fn vector${name}(line: u32, k: u32) -> vec4f { return ${tensor}[${at}]; }
`;
  return { along, code };
}

/** How a matrix is bound for `matrix`. */
export function matrixType(along: Along, lines: number, K: number): "f32" | "vec4f" {
  return (along === "k" ? K : lines) % 4 === 0 ? "vec4f" : "f32";
}

/** Code that reads the vectors of one operand for four steps along k, lines counted from an invocation's first. */
export type Reads =
  | { readonly along: "k"; line(index: number): string }
  | { readonly along: "line"; vector(step: number, group: number): string };

/**
 * Code for four steps along k of `rows` by `vectors` x 4 results: adds to variables `<sum><row>_<vector>` of vector type `type`.
 * Everything stays in named variables, as arrays in registers are up to each driver's compiler.
 */
export function multiplyFour(
  size: { readonly rows: number; readonly vectors: number },
  a: Reads,
  b: Reads,
  sum: string,
  type: string,
): string {
  const { rows, vectors } = size;
  const right =
    b.along === "line"
      ? unrolled(4, (step) => unrolled(vectors, (v) => `let b${step}_${v} = ${b.vector(step, v)};`))
      : `${unrolled(vectors * 4, (column) => `let column${column} = ${b.line(column)};`)}
        ${unrolled(4, (step) =>
          unrolled(vectors, (v) => {
            const numbers = unrolled(4, (c) => `column${v * 4 + c}.${"xyzw"[step]}`, ", ");
            return `let b${step}_${v} = ${type}(${numbers});`;
          }),
        )}`;
  const add = (row: number, number: string, step: number): string =>
    unrolled(vectors, (v) => `${sum}${row}_${v} = fma(${type}(${number}), b${step}_${v}, ${sum}${row}_${v});`);
  const left =
    a.along === "k"
      ? unrolled(
          rows,
          (row) => `{ let a = ${a.line(row)}; ${unrolled(4, (step) => add(row, `a.${"xyzw"[step]}`, step))} }`,
        )
      : unrolled(4, (step) =>
          unrolled(
            rows / 4,
            (group) =>
              `{ let a = ${a.vector(step, group)}; ${unrolled(4, (r) => add(group * 4 + r, `a.${"xyzw"[r]}`, step))} }`,
          ),
        );
  return `${right}\n${left}`;
}
